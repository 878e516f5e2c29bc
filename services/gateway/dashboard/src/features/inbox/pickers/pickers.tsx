import { lazy, Suspense, useEffect } from 'react'
import { closePicker, usePicking } from './picking.ts'

const AssignPicker = lazy(() => import('./assign-picker.tsx'))
const LabelPicker = lazy(() => import('./label-picker.tsx'))
const SnoozePicker = lazy(() => import('./snooze-picker.tsx'))
const ViewPicker = lazy(() => import('./view-picker.tsx'))
const MorePicker = lazy(() => import('./more-picker.tsx'))

/** The one picker that is open over the inbox, in a chunk that is fetched when it is first asked for. */
export function Pickers() {
  const { picking } = usePicking()
  // Who leaves the page leaves what was being chosen.
  useEffect(() => closePicker, [])
  if (picking === null) return null
  return (
    <Suspense fallback={null}>
      {picking.kind === 'assign' && <AssignPicker conversations={picking.conversations} />}
      {picking.kind === 'labels' && <LabelPicker conversations={picking.conversations} />}
      {picking.kind === 'snooze' && <SnoozePicker conversations={picking.conversations} />}
      {picking.kind === 'more' && <MorePicker conversations={picking.conversations} />}
      {picking.kind === 'views' && <ViewPicker />}
    </Suspense>
  )
}
