import { expect, test } from 'vitest'
import { firstUnwritten } from './follow.ts'

const NOW = new Date('2026-11-29T10:00:00Z')
const event = (messageId: string | null, status: string | null, secondsAgo = 1) => ({
  ...{ seq: 1, messageId, status },
  at: new Date(NOW.getTime() - secondsAgo * 1000),
})

test.for([
  ['the row shows it', [event('a', 'sent')], { a: 'SENT' }, 1],
  ['the row is further', [event('a', 'sent')], { a: 'READ' }, 1],
  [
    'the sender writes the event before the row',
    [event(null, null), event('a', 'sent'), event('b', 'sent')],
    { a: 'QUEUED', b: 'SENT' },
    1,
  ],
  ['a failure that the event of a late answer ends is not written over yet', [event('a', 'sent')], { a: 'FAILED' }, 0],
  ['the last event of a message decides', [event('a', 'failed'), event('a', 'queued')], { a: 'QUEUED' }, 2],
  ['after half a minute its writer has died', [event('a', 'sent', 31)], { a: 'QUEUED' }, 1],
  ['the row is gone', [event('a', 'sent')], {}, 1],
] as const)('%s', ([, events, statuses, expected]) => {
  const rows = new Map(Object.entries(statuses).map(([id, status]) => [id, { status: String(status) }]))
  expect(firstUnwritten(events, rows, NOW)).toBe(expected)
})
