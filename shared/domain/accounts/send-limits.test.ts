import { expect, test } from 'vitest'
import { limitAboveCeiling, limitsInForce } from './send-limits.ts'

const NONE = { messagesPerMinute: null, messagesPerDay: null }

test.for<[own: object, ceilings: object, inForce: object]>([
  [{}, {}, NONE],
  [{ messagesPerMinute: 10 }, {}, { ...NONE, messagesPerMinute: 10 }],
  [{}, { messagesPerDay: 500 }, { ...NONE, messagesPerDay: 500 }],
  [{ messagesPerMinute: 10 }, { messagesPerMinute: 5, messagesPerDay: 7 }, { messagesPerMinute: 5, messagesPerDay: 7 }],
  [{ messagesPerMinute: 3, messagesPerDay: 900 }, { messagesPerMinute: 5 }, { messagesPerMinute: 3, messagesPerDay: 900 }],
  [{ messagesPerMinute: null }, { messagesPerMinute: 5 }, { ...NONE, messagesPerMinute: 5 }],
])('a tenant that wants %j and may have %j gets %j', ([own, ceilings, inForce]) => {
  expect(limitsInForce(own, ceilings)).toEqual(inForce)
})

test('a tenant may tighten its limits or have none of its own, and not loosen what the platform has set', () => {
  const ceilings = { messagesPerMinute: 60, messagesPerDay: null }
  expect(limitAboveCeiling({ messagesPerMinute: 60 }, ceilings)).toBeNull()
  expect(limitAboveCeiling({ messagesPerMinute: null, messagesPerDay: 1_000_000 }, ceilings)).toBeNull()
  expect(limitAboveCeiling({ messagesPerMinute: 61 }, ceilings)).toEqual({ field: 'messagesPerMinute', ceiling: 60 })
})
