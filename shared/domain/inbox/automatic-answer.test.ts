import { expect, test } from 'vitest'
import { type AutomaticAnswers, automaticAnswer, spend } from './automatic-answer.ts'

const answers: AutomaticAnswers = {
  greeting: 'Welcome',
  away: 'We are closed',
  hours: { intervals: [{ day: 5, from: '09:00', to: '18:00' }], holidays: [] },
  monthlyCap: null,
}
const OPEN = new Date('2026-11-27T10:00:00Z') // a Friday
const CLOSED = new Date('2026-11-28T10:00:00Z')
const about = { timezone: 'UTC', clientId: 'n', contactId: 'p', conversationId: 'c', greetedAt: null }
const beginning = (at: Date) => ({ at, arrivedAt: at, isBeginning: true })

test('[peers G] a new conversation is greeted once', () => {
  expect(automaticAnswer(answers, beginning(OPEN), about)).toMatchObject({ kind: 'greeting', text: 'Welcome' })
  expect(automaticAnswer(answers, { ...beginning(OPEN), isBeginning: false }, about)).toBeNull()
  const greetedAt = new Date(OPEN.getTime() - 3_600_000)
  expect(automaticAnswer(answers, beginning(OPEN), { ...about, greetedAt })).toBeNull()
  expect(automaticAnswer(answers, beginning(OPEN), { ...about, greetedAt: new Date(0) })?.kind).toBe('greeting')
})

test('[peers G] outside of the working hours a person gets one away message in a closed period', () => {
  const first = automaticAnswer(answers, beginning(CLOSED), about)
  const second = automaticAnswer(answers, { ...beginning(new Date(CLOSED.getTime() + 3_600_000)), isBeginning: false }, about)
  expect([first?.kind, first?.text]).toEqual(['away', 'We are closed'])
  expect(second?.key).toBe(first?.key)
  const next = automaticAnswer(answers, beginning(new Date('2026-12-05T10:00:00Z')), about)
  expect(next?.key).not.toBe(first?.key)
  expect(automaticAnswer(answers, beginning(CLOSED), { ...about, contactId: 'q' })?.key).not.toBe(first?.key)
})

test('[peers G] what is not set is not said', () => {
  expect(automaticAnswer({ ...answers, away: null }, beginning(CLOSED), about)).toBeNull()
  expect(automaticAnswer({ ...answers, greeting: null }, beginning(OPEN), about)).toBeNull()
  expect(automaticAnswer({ ...answers, hours: null }, beginning(CLOSED), about)?.kind).toBe('greeting')
})

test('[peers G] answers stop at the cap of a month and go on in the next', () => {
  const cap = { monthlyCap: 0.3 }
  let spent = spend(null, cap, 0.1, OPEN)
  for (let i = 0; i < 2; i++) spent = spend(spent, cap, 0.1, OPEN)
  expect(spent).toEqual({ month: '2026-11', count: 3, amount: 0.3 })
  expect(spend(spent, cap, 0.1, OPEN)).toBeNull()
  expect(spend(spent, cap, 0, OPEN)?.count).toBe(4)
  expect(spend(spent, cap, 0.1, new Date('2026-12-01T00:00:00Z'))).toEqual({ month: '2026-12', count: 1, amount: 0.1 })
  expect(spend(spent, { monthlyCap: null }, 5, OPEN)?.amount).toBe(5.3)
})
