import { expect, test } from 'vitest'
import { errorDoc, platformError } from '#shared/domain/messages/send-errors.ts'
import type { ThreadOwner } from '#shared/model/documents.ts'
import type { Settlement, Step } from '#shared/store/dispatch/outcome-writes.ts'
import { outbound } from '#test/support/worlds/memory.ts'
import { explainRefusal } from './explain-refusal.ts'

const AT = new Date('2026-11-20T09:00:00Z')
const OTHER: ThreadOwner = { owner: 'other', role: 'ai_agent', at: AT }
const settlement = (step: Step, type = 'text'): Settlement => ({
  message: outbound(AT, { type }),
  step,
  at: AT,
  entry: { kind: 'attempt', at: AT },
})
const refused = (code: number): Step => ({ kind: 'failed', error: errorDoc({ code }) })
const sentenceOf = ({ step }: Settlement) => (step.kind === 'failed' ? step.error.sentence : null)

test.for([100, 138_999])('a refusal with code %i, which names no cause, is explained by the owner of the thread', code => {
  const explained = explainRefusal(settlement(refused(code)), OTHER)
  expect(sentenceOf(explained)).toContain('Another app of the business (ai_agent) answers this customer')
  expect(explained.step).toMatchObject({ error: { code, source: 'meta', nextStep: expect.stringContaining('template') } })
})

test.for<[string, Settlement, ThreadOwner | null]>([
  ['nobody else answers', settlement(refused(100)), null],
  ['it is a template', settlement(refused(100), 'template'), OTHER],
  ['the code names its cause', settlement(refused(131_051)), OTHER],
  ['the platform itself failed it', settlement({ kind: 'failed', error: platformError('window-closed') }), OTHER],
  ['it is tried again', settlement({ kind: 'waiting', reason: 'retry', nextStepAt: AT, usesAttempt: true }), OTHER],
])('an outcome stays as it is where %s', ([, before, owner]) => {
  expect(explainRefusal(before, owner)).toBe(before)
})
