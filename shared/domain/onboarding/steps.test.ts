import { describe, expect, test } from 'vitest'
import { ownProblem } from './problems.ts'
import {
  begunStep,
  continuedSteps,
  disconnectSteps,
  failedStep,
  firstSteps,
  laterSteps,
  MAX_ATTEMPTS,
  nextAttemptAt,
  nextStep,
  type Step,
  type StepOutcome,
  settledStep,
  stateOf,
  withStep,
} from './steps.ts'

const NOW = new Date('2026-11-29T12:00:00Z')
const later = (ms: number) => new Date(NOW.getTime() + ms)
const problem = ownProblem('It failed.', 'Do something.')
const a = { phoneNumberId: '1', wabaId: 'w', coexistence: false }
const b = { phoneNumberId: '2', wabaId: 'w', coexistence: true }
const c = { phoneNumberId: '3', wabaId: 'v', coexistence: false }

/** Does every step that can be done. @returns the order in which they were done, with what they are about */
function run(
  steps: Step[],
  outcomeOf: (step: Step) => StepOutcome = () => ({ kind: 'done' }),
): { steps: Step[]; order: string[] } {
  const order: string[] = []
  for (let step = nextStep(steps, NOW); step !== null; step = nextStep(steps, NOW)) {
    order.push([step.key, step.phoneNumberId ?? step.wabaId].filter(Boolean).join(' '))
    const begun = begunStep(step, NOW)
    steps = withStep(withStep(steps, begun), settledStep(begun, outcomeOf(begun), NOW))
  }
  return { steps, order }
}

test('the steps of all numbers come in order, those of an account once', () => {
  const { order, steps } = run([...firstSteps(), ...laterSteps([a, b, c])])
  expect(order).toEqual([
    'token', 'scopes', 'waba', 'number',
    'pin 1', 'register 1', 'pin 2', 'register 2', 'pin 3', 'register 3',
    'subscribe w', 'subscribe v',
    'connect 1', 'connect 2', 'connect 3',
    'contacts 2', 'history 2',
    'webhook 1', 'webhook 2', 'webhook 3',
    'template w', 'template v',
  ]) // biome-ignore format: the order is the point
  expect(stateOf(steps)).toBe('DONE')
})

test('a number that fails holds back itself and, alone on its account, that account', () => {
  const fails = (step: Step): StepOutcome =>
    step.key === 'register' && step.phoneNumberId !== '2' ? { kind: 'failed', problem } : { kind: 'done' }
  const { order, steps } = run([...firstSteps(), ...laterSteps([a, b, c])], fails)
  expect(order).toContain('connect 2')
  expect(order).toContain('subscribe w')
  for (const held of ['connect 1', 'connect 3', 'subscribe v', 'template v', 'webhook 1']) expect(order).not.toContain(held)
  expect(stateOf(steps)).toBe('FAILED')
  expect(failedStep(steps)).toMatchObject({ key: 'register', phoneNumberId: '1', problem })
})

test('a step that is not required holds nothing back', () => {
  const fails = ({ key }: Step): StepOutcome =>
    ['contacts', 'webhook', 'template'].includes(key) ? { kind: 'failed', problem } : { kind: 'done' }
  const { steps } = run([...firstSteps(), ...laterSteps([b])], fails)
  expect([stateOf(steps), failedStep(steps)]).toEqual(['DONE', null])
  expect(steps.find(({ key }) => key === 'history')?.state).toBe('DONE')
})

test('a failed global step stops everything; continuing tries it again, and what was done stays done', () => {
  const { steps } = run(firstSteps(), ({ key }) => (key === 'waba' ? { kind: 'failed', problem } : { kind: 'done' }))
  expect(stateOf(steps)).toBe('FAILED')
  const { order } = run(continuedSteps(steps))
  expect(order).toEqual(['waba', 'number'])
})

describe('an attempt without an answer', () => {
  const again: StepOutcome = { kind: 'again', problem }

  test('waits longer each time, and at least as long as Meta asks', () => {
    const first = settledStep({ ...(firstSteps()[0] as Step), attempts: 1 }, again, NOW)
    expect(first).toMatchObject({ state: 'PENDING', nextAt: later(1000), problem })
    expect(settledStep({ ...first, attempts: 3 }, again, NOW).nextAt).toEqual(later(5000))
    expect(settledStep({ ...first, attempts: 1 }, { ...again, afterMs: 90_000 }, NOW).nextAt).toEqual(later(90_000))
    const steps = withStep(firstSteps(), first)
    expect([nextStep(steps, NOW), nextAttemptAt(steps, NOW), stateOf(steps)]).toEqual([null, later(1000), 'RUNNING'])
    expect(nextStep(steps, later(1000))?.key).toBe('token')
  })

  test('is the last one at the end', () => {
    const last = settledStep({ ...(firstSteps()[0] as Step), attempts: MAX_ATTEMPTS }, again, NOW)
    expect(last).toMatchObject({ state: 'FAILED', nextAt: null, problem })
  })
})

test('a step that was begun and never ended is done again', () => {
  const steps = withStep(firstSteps(), begunStep(firstSteps()[0] as Step, NOW))
  expect(nextStep(steps, NOW)).toMatchObject({ key: 'token', state: 'RUNNING', attempts: 1 })
})

test('a token is given back after the webhooks ended, also when Meta refuses to end them', () => {
  const waiting = { kind: 'again', problem } as const
  const { order, steps } = run(disconnectSteps('w'), () => waiting)
  expect(order).toEqual(['unsubscribe w'])
  const refused = withStep(steps, settledStep(steps[0] as Step, { kind: 'failed', problem }, NOW))
  expect(nextStep(refused, NOW)?.key).toBe('revoke')
  expect(stateOf(run(refused).steps)).toBe('DONE')
})
