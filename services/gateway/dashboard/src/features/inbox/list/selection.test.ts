import { expect, test } from 'vitest'
import { type Selection, selectedRows, toggled } from './selection.ts'

const SHOWN = ['a', 'b', 'c', 'd', 'e']
const none: Selection = { isOn: false, ids: new Set(), from: null }
const after = (...steps: [id: string, range?: boolean][]) =>
  steps.reduce((state, [id, range = false]) => toggled(state, id, range, SHOWN), none)

test('a row is selected and taken out again; without any the selection ends', () => {
  expect(after(['b']).ids).toEqual(new Set(['b']))
  expect(after(['b'], ['b'])).toMatchObject({ isOn: false, ids: new Set() })
})

test('Shift selects everything up to the row, in both directions, and keeps what was selected', () => {
  expect(after(['b'], ['d', true]).ids).toEqual(new Set(['b', 'c', 'd']))
  expect(after(['d'], ['b', true]).ids).toEqual(new Set(['b', 'c', 'd']))
  expect(after(['a'], ['c'], ['e', true]).ids).toEqual(new Set(['a', 'c', 'd', 'e']))
})

test('Shift with nothing to go on from selects the one row', () => {
  expect(after(['c', true]).ids).toEqual(new Set(['c']))
})

test('what has left the list is not changed', () => {
  expect(selectedRows(after(['a'], ['b']), [{ id: 'b' }, { id: 'c' }])).toEqual([{ id: 'b' }])
})
