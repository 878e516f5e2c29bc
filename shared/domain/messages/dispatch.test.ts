import { expect, test } from 'vitest'
import {
  asUpdate,
  type Dispatch,
  dispatchOf,
  ENDED,
  inState,
  inStates,
  newWait,
  notInState,
  noWait,
  postponed,
  REQUEUE_AFTER_MS,
  ready,
  readyAgain,
  scheduled,
  taken,
  unfinished,
  unknown,
  waiting,
} from './dispatch.ts'

const NOW = new Date('2026-03-01T10:00:00Z')
const LATER = new Date('2026-03-01T11:00:00Z')
const EXPIRY = new Date('2026-03-02T10:00:00Z')
const REQUEUED = new Date(NOW.getTime() + REQUEUE_AFTER_MS)
const TAKE = { token: 'token', owner: 'sender', leaseUntil: new Date('2026-03-01T10:01:00Z') }
const NOTHING = { token: null, owner: null, leaseUntil: null, nextStepAt: null, reason: null, deadlineAt: null }

/** Every state as a whole row has it. */
const READY: Dispatch = { ...NOTHING, state: 'READY', priority: 'chat', attempt: 0, nextStepAt: REQUEUED }
const WAITING: Dispatch = { ...READY, state: 'WAITING', nextStepAt: LATER, reason: 'rate' }
const SCHEDULED: Dispatch = { ...WAITING, reason: 'scheduled', wait: { reason: 'scheduled', since: NOW } }
const TAKEN: Dispatch = { ...READY, ...TAKE, state: 'TAKEN', attempt: 1, nextStepAt: null }
const UNKNOWN: Dispatch = {
  ...TAKEN,
  state: 'UNKNOWN',
  leaseUntil: null,
  nextStepAt: LATER,
  reason: 'unknown',
  deadlineAt: EXPIRY,
}

test.for<[string, object, object]>([
  ['ready', ready(NOW), { ...NOTHING, state: 'READY', nextStepAt: REQUEUED }],
  ['waiting', waiting('rate', LATER), { ...NOTHING, state: 'WAITING', nextStepAt: LATER, reason: 'rate' }],
  ['waiting for its number', waiting('paused', null), { ...NOTHING, state: 'WAITING', reason: 'paused' }],
  [
    'scheduled',
    scheduled(LATER, NOW),
    { ...NOTHING, state: 'WAITING', nextStepAt: LATER, reason: 'scheduled', wait: { reason: 'scheduled', since: NOW } },
  ],
  ['taken', taken(TAKE), { ...NOTHING, ...TAKE, state: 'TAKEN' }],
  [
    'unknown',
    unknown({ blocksUntil: LATER, deadlineAt: EXPIRY }),
    { state: 'UNKNOWN', leaseUntil: null, nextStepAt: LATER, reason: 'unknown', deadlineAt: EXPIRY },
  ],
  ['ready again', readyAgain(NOW), { state: 'READY', nextStepAt: REQUEUED }],
  ['postponed', postponed('pair', LATER), { state: 'WAITING', nextStepAt: LATER, reason: 'pair' }],
  ['a new wait', newWait('rate', NOW), { wait: { reason: 'rate', since: NOW }, waits: [] }],
  ['no wait', noWait(), { wait: null, waits: [] }],
])('%s has exactly the fields of its state', ([, fields, expected]) => {
  expect(fields).toStrictEqual(expected)
})

test('a state as a whole has its priority and the number of its last attempt', () => {
  expect(dispatchOf('chat', ready(NOW))).toStrictEqual(READY)
  expect(dispatchOf('campaign', waiting('retry', NOW), 3)).toStrictEqual({
    ...NOTHING,
    state: 'WAITING',
    priority: 'campaign',
    attempt: 3,
    nextStepAt: NOW,
    reason: 'retry',
  })
  expect(ENDED).toBeNull()
})

const EXPIRING = { deadlineAt: EXPIRY }
const UNKNOWN_STEP = { blocksUntil: LATER, deadlineAt: EXPIRY }

/** What the rows of the page's table make of a state: nothing of the former state is left but what the table keeps. */
test.for<[string, Dispatch, Partial<Dispatch>, Dispatch]>([
  ['READY is taken', READY, taken(TAKE), { ...TAKEN, attempt: 0 }],
  ['READY with an expiry is taken', { ...READY, ...EXPIRING }, taken(TAKE), { ...TAKEN, attempt: 0 }],
  ['WAITING is taken', WAITING, taken(TAKE), { ...TAKEN, attempt: 0 }],
  ['READY is postponed', READY, postponed('rate', LATER), WAITING],
  [
    'READY is postponed and expires when it would have',
    { ...READY, ...EXPIRING },
    postponed('rate', LATER),
    { ...WAITING, ...EXPIRING },
  ],
  ['WAITING is postponed', WAITING, postponed('quota', EXPIRY), { ...WAITING, reason: 'quota', nextStepAt: EXPIRY }],
  ['WAITING is ready again', WAITING, readyAgain(NOW), { ...READY, reason: 'rate' }],
  ['READY is ready again', { ...READY, nextStepAt: NOW, ...EXPIRING }, readyAgain(NOW), { ...READY, ...EXPIRING }],
  ['SCHEDULED gets another time', SCHEDULED, { nextStepAt: EXPIRY }, { ...SCHEDULED, nextStepAt: EXPIRY }],
  ['SCHEDULED is released', SCHEDULED, ready(NOW), { ...READY, wait: { reason: 'scheduled', since: NOW } }],
  ['TAKEN waits', TAKEN, waiting('rate', LATER), { ...WAITING, attempt: 1 }],
  ['TAKEN is ready with its template', TAKEN, ready(NOW), { ...READY, attempt: 1 }],
  ['TAKEN has no answer', TAKEN, unknown(UNKNOWN_STEP), UNKNOWN],
  ['UNKNOWN blocks nobody any more', UNKNOWN, { nextStepAt: null }, { ...UNKNOWN, nextStepAt: null }],
  ['UNKNOWN is sent once more', UNKNOWN, waiting('rate', LATER), { ...WAITING, attempt: 1 }],
])('%s', ([, before, fields, after]) => {
  expect({ ...before, ...fields }).toStrictEqual(after)
})

test('an update names the fields below dispatch', () => {
  expect(asUpdate(ready(NOW))).toStrictEqual({
    'dispatch.state': 'READY',
    'dispatch.token': null,
    'dispatch.owner': null,
    'dispatch.leaseUntil': null,
    'dispatch.nextStepAt': REQUEUED,
    'dispatch.reason': null,
    'dispatch.deadlineAt': null,
  })
  expect(asUpdate({ nextStepAt: null })).toStrictEqual({ 'dispatch.nextStepAt': null })
})

test('a filter asks for a state', () => {
  expect(inState('READY')).toEqual({ 'dispatch.state': 'READY' })
  expect(inStates('READY', 'WAITING')).toEqual({ 'dispatch.state': { $in: ['READY', 'WAITING'] } })
  expect(notInState('TAKEN')).toEqual({ 'dispatch.state': { $ne: 'TAKEN' } })
  expect(unfinished()).toEqual({ 'dispatch.state': { $exists: true } })
})
