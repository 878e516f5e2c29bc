import { expect, test } from 'vitest'
import { createFaults, type Fault } from './faults.ts'

const send = { method: 'POST', path: '/1054/messages', phoneNumberId: '1054', to: '+212661000101' }
const faultsOf = (...list: Partial<Fault>[]) => {
  const faults = createFaults()
  faults.set(list.map(fault => ({ match: {}, times: 1, effect: { status: 500 }, ...fault })))
  return faults
}

test.for<[Fault['match'], boolean]>([
  [{}, true],
  [{ path: '/messages' }, true],
  [{ path: '/*/messages' }, true],
  [{ path: '/media' }, false],
  [{ method: 'post' }, true],
  [{ phoneNumberId: '1054' }, true],
  [{ phoneNumberId: '2054' }, false],
  [{ to: '212661000101' }, true],
  [{ to: '212661000102' }, false],
])('%j applies: %s', ([match, applies]) => {
  expect(faultsOf({ match }).effectFor(send) !== null).toBe(applies)
})

test('a fault applies as often as it says, then the next one does', () => {
  const faults = faultsOf({ times: 2, effect: { status: 500 } }, { effect: { status: 503 } })
  expect([1, 2, 3, 4].map(() => faults.effectFor(send)?.status)).toEqual([500, 500, 503, undefined])
})

test('a fault may skip the first requests, and may never end', () => {
  const faults = faultsOf({ skip: 1, times: null })
  expect([1, 2, 3].map(() => faults.effectFor(send)?.status)).toEqual([undefined, 500, 500])
})

test('a list replaces the previous one', () => {
  const faults = faultsOf({ times: null })
  faults.set([])
  expect(faults.effectFor(send)).toBeNull()
})
