import { type ComponentType, Suspense, useEffect } from 'react'
import { lazyPart } from '../../../lib/lazy-part.ts'
import { closePicker, usePicking } from './picking.ts'

/** A picker, once it and the words that it says are there. */
const withTexts = <Props,>(load: () => Promise<{ default: ComponentType<Props> }>) => lazyPart(load, 'features/inbox/pickers')

const AssignPicker = withTexts(() => import('./assign-picker.tsx'))
const LabelPicker = withTexts(() => import('./label-picker.tsx'))
const SnoozePicker = withTexts(() => import('./snooze-picker.tsx'))
const ViewPicker = withTexts(() => import('./view-picker.tsx'))
const MorePicker = withTexts(() => import('./more-picker.tsx'))

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
