import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Attention, afterAnswer, afterCustomer, isAnswer, joined, type Unanswered } from './waiting.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 10, 29, 10, minute))
type Step = ['customer' | 'answer', number]

function play(steps: Step[]): Attention {
  let state: Attention = {}
  for (const [who, minute] of steps) {
    const time = at(minute)
    const message = { id: String(minute), at: time, arrivedAt: time }
    const change = who === 'customer' ? afterCustomer(state, message) : afterAnswer(state, { at: time, isElsewhere: false })
    state = { ...state, ...change }
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

const second = (n: number) => new Date(Date.UTC(2026, 10, 29, 10, 0, n))

/** A fact about a conversation: a message of its customer, or an answer from here or elsewhere. */
type Fact = { message: Unanswered<string> } | { answer: { at: Date; isElsewhere: boolean } }

/** What is left of facts in an order; of a message with several reports, such as a call, the earliest times known so far count. */
function after(facts: readonly Fact[]): Attention<string> {
  const earliest = new Map<string | null, Unanswered<string>>()
  const state: Attention<string> = {}
  for (const fact of facts) {
    if ('answer' in fact) {
      Object.assign(state, afterAnswer(state, fact.answer))
      continue
    }
    const { id, at, arrivedAt } = fact.message
    const before = earliest.get(id) ?? fact.message
    const message = { id, at: first(before.at, at), arrivedAt: first(before.arrivedAt, arrivedAt) }
    earliest.set(id, message)
    Object.assign(state, afterCustomer(state, message))
  }
  return state
}

const first = (a: Date, b: Date): Date => (b < a ? b : a)

/** Few seconds, so that many facts carry the same one; answers from here are in between. */
const aFact: fc.Arbitrary<Fact> = fc.oneof(
  fc
    .record({ id: fc.integer({ min: 1, max: 12 }).map(String), sent: fc.integer({ min: 0, max: 9 }), lateMs: fc.nat(6000) })
    .map(({ id, sent, lateMs }) => ({ message: { id, at: second(sent), arrivedAt: new Date(+second(sent) + lateMs) } })),
  fc.record({ ms: fc.nat(12_000), isElsewhere: fc.boolean() }).map(({ ms, isElsewhere }) => ({
    answer: { at: new Date(+second(0) + (isElsewhere ? ms - (ms % 1000) : ms)), isElsewhere },
  })),
)

/** The same facts in another order, some of them more than once. */
const shuffledCopies = (facts: Fact[]) =>
  fc
    .tuple(fc.shuffledSubarray(facts, { minLength: facts.length }), fc.subarray(facts))
    .chain(([all, again]) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }))

test('[beyond 21] [P3] who waits, and since when, is the same in any order of the same facts and for any number of copies', () => {
  const orders = fc.array(aFact, { maxLength: 12 }).chain(facts => fc.tuple(fc.constant(facts), shuffledCopies(facts)))
  fc.assert(
    fc.property(orders, ([facts, others]) => {
      const [once, otherwise] = [after(facts), after(others)]
      expect(otherwise.waitingSince ?? null).toEqual(once.waitingSince ?? null)
      expect(otherwise.unanswered ?? []).toEqual(once.unanswered ?? [])
    }),
    { numRuns: 2000 },
  )
})

test('[beyond 21] [P3] somebody waits exactly as long as a message is neither seen and answered here nor older than an answer elsewhere', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(aFact, { maxLength: 12, selector: fact => ('message' in fact ? fact.message.id : fact) }),
      facts => {
        const answers = facts.flatMap(fact => ('answer' in fact ? [fact.answer] : []))
        const isOver = ({ at, arrivedAt }: Unanswered<string>) =>
          answers.some(answer => (answer.isElsewhere ? at < answer.at : arrivedAt <= answer.at))
        const left = facts.flatMap(fact => ('message' in fact && !isOver(fact.message) ? [+fact.message.at] : []))
        expect(after(facts).waitingSince ?? null).toEqual(left.length > 0 ? new Date(Math.min(...left)) : null)
      },
    ),
    { numRuns: 2000 },
  )
})

test('[beyond 21] of very many messages the first ones and the last one are kept, and the last one still waits after a late answer', () => {
  const message = (n: number): Fact => ({ message: { id: String(n), at: second(n), arrivedAt: second(n) } })
  const state = after([...Array(50).keys()].map(message))
  expect(state.unanswered).toHaveLength(20)
  expect(state.waitingSince).toEqual(second(0))
  const answered = { ...state, ...afterAnswer(state, { at: second(30), isElsewhere: false }) }
  expect(answered.waitingSince).toEqual(second(49))
})

test('[beyond 21] what arrives after an answer waits, also when it was written in the same second or before', () => {
  const answered = { attendedAt: new Date(at(5).getTime() + 300) }
  const late = new Date(at(5).getTime() + 900)
  expect(afterCustomer(answered, { id: '1', at: at(5), arrivedAt: late })).toMatchObject({ waitingSince: at(5) })
  expect(afterCustomer(answered, { id: '1', at: at(3), arrivedAt: late })).toMatchObject({ waitingSince: at(3) })
  expect(afterCustomer(answered, { id: '1', at: at(5), arrivedAt: new Date(at(5).getTime() + 200) })).toBeNull()
})

test('[beyond 21] an answer on the phone answers what was written before it, however late that arrives, and not what carries its second', () => {
  const answered = { answeredElsewhereAt: second(25) }
  expect(afterCustomer(answered, { id: '1', at: second(20), arrivedAt: at(30) })).toBeNull()
  expect(afterCustomer(answered, { id: '1', at: second(25), arrivedAt: at(30) })).toMatchObject({ waitingSince: second(25) })
})

test('[beyond 21] a wait that was stored without its messages ends with an answer', () => {
  const before = { waitingSince: second(5) }
  expect(afterAnswer(before, { at: second(9), isElsewhere: false })).toMatchObject({ waitingSince: null })
  expect(afterAnswer(before, { at: second(2), isElsewhere: true })).toEqual({ answeredElsewhereAt: second(2) })
  const closed = { waitingSince: null, unanswered: [{ id: '1', at: second(5), arrivedAt: second(5) }] }
  expect(afterCustomer(closed, { id: '2', at: second(9), arrivedAt: second(9) })).toMatchObject({ waitingSince: second(9) })
})

test('of two conversations that become one, an answer in either counts', () => {
  const nobody = { waitingSince: null, unanswered: [], attendedAt: null, answeredElsewhereAt: null }
  const waits = (minute: number) => ({ id: null, at: at(minute), arrivedAt: at(minute) })
  expect(joined({ waitingSince: at(3) }, { waitingSince: at(1) })).toEqual({
    ...nobody,
    waitingSince: at(1),
    unanswered: [waits(1), waits(3)],
  })
  expect(joined({ waitingSince: at(3) }, { attendedAt: at(4) })).toEqual({ ...nobody, attendedAt: at(4) })
  expect(joined({ waitingSince: at(3), attendedAt: at(1) }, { answeredElsewhereAt: at(2) })).toEqual({
    waitingSince: at(3),
    unanswered: [waits(3)],
    attendedAt: at(1),
    answeredElsewhereAt: at(2),
  })
  expect(joined({}, {})).toEqual(nobody)
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
