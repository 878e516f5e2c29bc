import { describe, expect, test } from 'vitest'
import { type Attention, afterAnswer, afterCustomer, isAnswer, joined } from './waiting.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 10, 29, 10, minute))
type Step = ['customer' | 'answer', number]

function play(steps: Step[]): Attention {
  let state: Attention & { lastInboundAt: Date | null } = { lastInboundAt: null }
  for (const [who, minute] of steps) {
    const time = at(minute)
    const change = who === 'customer' ? afterCustomer(state, time, time) : afterAnswer(state, time)
    const isLatest = who === 'customer' && (state.lastInboundAt === null || time > state.lastInboundAt)
    state = { ...state, ...change, ...(isLatest && { lastInboundAt: time }) }
  }
  return { waitingSince: state.waitingSince ?? null, attendedAt: state.attendedAt ?? null }
}

test.for<[string, Step[], number | null]>([
  ['nobody wrote', [], null],
  [
    'a customer waits from the first message on',
    [
      ['customer', 1],
      ['customer', 5],
    ],
    1,
  ],
  [
    'an answer ends the wait',
    [
      ['customer', 1],
      ['answer', 2],
    ],
    null,
  ],
  [
    'the next message begins another',
    [
      ['customer', 1],
      ['answer', 2],
      ['customer', 3],
      ['customer', 4],
    ],
    3,
  ],
  [
    'an answer that arrives late leaves later messages waiting',
    [
      ['customer', 1],
      ['customer', 5],
      ['answer', 3],
    ],
    5,
  ],
  [
    'a message that arrives late and was answered waits no more',
    [
      ['answer', 3],
      ['customer', 1],
    ],
    null,
  ],
  [
    'a repeated answer changes nothing',
    [
      ['customer', 1],
      ['answer', 2],
      ['customer', 3],
      ['answer', 2],
    ],
    3,
  ],
])('[beyond 21] %s', ([, steps, minute]) => {
  expect(play(steps).waitingSince).toEqual(minute === null ? null : at(minute))
})

test('[beyond 21] whether somebody waits is the same in any order, each step once or twice', () => {
  const steps: Step[] = [
    ['customer', 1],
    ['answer', 2],
    ['customer', 3],
    ['answer', 4],
    ['customer', 5],
  ]
  const orders = permutations(steps)
  expect(orders).toHaveLength(120)
  for (const order of orders) {
    expect(play(order).waitingSince).toEqual(at(5))
    expect(play([...order, ...order]).waitingSince).toEqual(at(5))
  }
})

const permutations = <T>(list: T[]): T[][] =>
  list.length === 0 ? [[]] : list.flatMap((one, i) => permutations(list.toSpliced(i, 1)).map(rest => [one, ...rest]))

test('[beyond 21] what arrives after an answer waits, also when it was written in the same second or before', () => {
  const answered = { attendedAt: new Date(at(5).getTime() + 300) }
  const late = new Date(at(5).getTime() + 900)
  expect(afterCustomer(answered, at(5), late)).toEqual({ waitingSince: at(5) })
  expect(afterCustomer(answered, at(3), late)).toEqual({ waitingSince: at(3) })
  expect(afterCustomer(answered, at(5), new Date(at(5).getTime() + 200))).toBeNull()
})

test('of two conversations that become one, an answer in either counts', () => {
  expect(joined({ waitingSince: at(3) }, { waitingSince: at(1) })).toEqual({ waitingSince: at(1), attendedAt: null })
  expect(joined({ waitingSince: at(3) }, { attendedAt: at(4) })).toEqual({ waitingSince: null, attendedAt: at(4) })
  expect(joined({ waitingSince: at(3), attendedAt: at(1) }, { attendedAt: at(2) })).toEqual({
    waitingSince: at(3),
    attendedAt: at(2),
  })
  expect(joined({}, {})).toEqual({ waitingSince: null, attendedAt: null })
})

describe('an answer', () => {
  const own = { direction: 'OUTBOUND' as const, type: 'text', origin: 'dashboard', campaignId: null }
  test.for([
    [own, true],
    [{ ...own, origin: 'api' }, true],
    [{ ...own, origin: 'phone' }, true],
    [{ ...own, origin: 'campaign', campaignId: '1' }, false],
    [{ ...own, origin: 'automatic' }, false],
    [{ ...own, type: 'reaction' }, false],
    [{ ...own, direction: 'INBOUND' as const }, false],
  ] as const)('is %j: %s', ([message, expected]) => {
    expect(isAnswer(message)).toBe(expected)
  })
})
