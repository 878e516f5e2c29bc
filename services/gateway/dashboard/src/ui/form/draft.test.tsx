import { act, renderHook } from '@testing-library/react'
import { expect, test } from 'vitest'
import { useDraft } from './draft.ts'

interface Rules {
  zone: string
  hours: number
  words: string[]
}
const SAVED: Rules = { zone: 'Africa/Casablanca', hours: 24, words: ['stop'] }

function open(saved: Rules = SAVED) {
  const { result, rerender } = renderHook(({ saved }) => useDraft(saved), { initialProps: { saved } })
  return { draft: () => result.current, serverSays: (saved: Rules) => rerender({ saved }) }
}

test('what was changed is sent alone, with what it replaces', () => {
  const { draft } = open()
  act(() => draft().set({ hours: 12 }))
  expect(draft().now).toEqual({ ...SAVED, hours: 12 })
  expect([draft().changed, draft().change(), draft().expected()]).toEqual([['hours'], { hours: 12 }, { hours: 24 }])
})

test('what is typed back is no change', () => {
  const { draft } = open()
  act(() => draft().set({ hours: 12, words: ['stop', 'arret'] }))
  act(() => draft().set({ words: ['stop'] }))
  expect(draft().changed).toEqual(['hours'])
  act(() => draft().undo())
  expect([draft().changed, draft().now]).toEqual([[], SAVED])
})

test('what others save meanwhile is shown where nothing was changed, and still expected as it was seen where something was', () => {
  const { draft, serverSays } = open()
  act(() => draft().set({ hours: 12 }))
  serverSays({ ...SAVED, hours: 48, zone: 'Europe/Paris' })
  expect(draft().now).toEqual({ ...SAVED, hours: 12, zone: 'Europe/Paris' })
  expect(draft().expected()).toEqual({ hours: 24 })
  act(() => draft().replace({ ...SAVED, hours: 48 }))
  expect([draft().change(), draft().expected()]).toEqual([{ hours: 12 }, { hours: 48 }])
})

test('who takes what others saved keeps the changes of other fields', () => {
  const { draft, serverSays } = open()
  act(() => draft().set({ hours: 12, zone: 'UTC' }))
  act(() => draft().undo(['hours']))
  serverSays({ ...SAVED, hours: 48 })
  expect([draft().changed, draft().now.hours, draft().change()]).toEqual([['zone'], 48, { zone: 'UTC' }])
})

test('what others saved just so is no change any more', () => {
  const { draft, serverSays } = open()
  act(() => draft().set({ hours: 12 }))
  serverSays({ ...SAVED, hours: 12 })
  expect(draft().changed).toEqual([])
})
