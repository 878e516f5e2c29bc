import { ApiError } from '#shared/domain/errors.ts'
import { isTemplateCategory, templateStateOf } from '#shared/domain/templates/status.ts'
import { listedTemplate, mergeTemplate } from '#shared/fold/account/template-facts.ts'
import { isObject, listOf, text } from '#shared/meta/json.ts'
import { createAtMeta, namedAtMeta, type TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { scheduleTemplateSync } from '#shared/store/numbers/checks.ts'
import { changeTemplate, type TemplateChange } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Failure } from '../meta-failure.ts'
import { metaFailure } from './refusals.ts'

/** Time after which a call to Meta whose end was not recorded is over. */
const IN_FLIGHT_MS = 30_000
const SECOND_MS = 1000

/** The full second of a time. Webhooks carry whole seconds: a report of the same second as our call counts as newer. */
export const secondOf = (at: Date): Date => new Date(Math.floor(at.getTime() / SECOND_MS) * SECOND_MS)
/** Webhooks older than this are already reflected in a list requested at `at`. */
export const listTime = (at: Date): Date => new Date(secondOf(at).getTime() - SECOND_MS)

/** Fields of a row before Meta is asked to create it. A crash leaves them so, and a sync settles the row. */
export const asked = (now: Date): Partial<TemplateDoc> => ({
  status: 'PENDING',
  reason: null,
  submission: { state: 'UNKNOWN', at: now, detail: null },
  lastEventAt: { status: secondOf(now) },
})

export type Submitted = { kind: 'submitted'; template: TemplateDoc } | { kind: 'failed'; failure: Failure }

/**
 * Asks Meta to create a template whose row holds the fields of `asked`. The caller handles a failure; only an unknown outcome, such
 * as a timeout, is recorded here: the row stays UNKNOWN, and a sync of the account's templates is requested.
 */
export async function submit(deps: GatewayDeps, access: TemplateAccess, row: TemplateDoc): Promise<Submitted> {
  const askedAt = deps.now()
  const result = await createAtMeta(deps.meta, access, row)
  const id = result.kind === 'ok' ? text(result.data.id) : null
  if (result.kind === 'ok' && id !== null)
    return { kind: 'submitted', template: await link(deps, row, { ...result.data, id }, askedAt) }
  const failure: Failure = result.kind === 'ok' ? { ...result, kind: 'unknown', why: 'the answer names no id' } : result
  if (failure.kind === 'unknown') await noteSubmission(deps, row, 'UNKNOWN', failure.why)
  if (failure.kind === 'unknown' || isTaken(failure)) await scheduleTemplateSync(deps.store, row)
  return { kind: 'failed', failure }
}

/** Whether Meta already has a template with this name and language, which is missing here or not linked. */
const isTaken = (failure: Failure) => failure.kind === 'refused' && failure.error.subcode === 2388024

/** Writes Meta's answer to the row; values that a webhook reported meanwhile are kept. */
async function link(
  { store }: GatewayDeps,
  row: TemplateDoc,
  answer: Record<string, unknown> & { id: string },
  askedAt: Date,
): Promise<TemplateDoc> {
  const status = templateStateOf(text(answer.status)) ?? 'PENDING'
  const category = text(answer.category)
  const decide = (now: TemplateDoc): Partial<TemplateDoc> => ({
    metaTemplateId: answer.id,
    submission: null,
    ...(isUnanswered(now, row, 'status', askedAt) &&
      !now.disabledAt && { status, lastEventAt: { ...now.lastEventAt, status: secondOf(askedAt) } }),
    ...(isUnanswered(now, row, 'category', askedAt) && isTemplateCategory(category) && { category }),
  })
  const change = await changeTemplate(store, row, decide, { emit: false })
  return change?.template ?? row
}

/**
 * Whether no webhook has reported on `topic` since `before` was read. A report in the second of our call cannot be recognised by its
 * time: then the row must be unchanged.
 */
export function isUnanswered(now: TemplateDoc, before: TemplateDoc, topic: string, askedAt: Date): boolean {
  const [eventAt, known] = [now, before].map(({ lastEventAt }) => lastEventAt?.[topic]?.getTime() ?? 0) as [number, number]
  return now.updatedAt.getTime() === before.updatedAt.getTime() || (eventAt === known && eventAt < secondOf(askedAt).getTime())
}

/** Records the state of a submission; no effect once Meta's id is known. @param detail reason, null while a call is under way */
export function noteSubmission(
  { store, now }: Pick<GatewayDeps, 'store' | 'now'>,
  row: TemplateDoc,
  state: 'UNKNOWN' | 'UNSUBMITTED',
  detail: string | null,
): Promise<TemplateChange | null> {
  const submission = { state, at: now(), detail }
  return changeTemplate(store, row, current => (current.metaTemplateId ? null : { submission }), { emit: false })
}

/**
 * Settles a submission with an unknown outcome by asking Meta for the template's name. Null: Meta does not have it, and it may be
 * submitted again. @throws ApiError 409 TEMPLATE_IN_SUBMISSION while a call may be under way, 502, 503 when Meta fails
 */
export async function settle(deps: GatewayDeps, access: TemplateAccess, row: TemplateDoc): Promise<TemplateDoc | null> {
  const { at, detail } = row.submission ?? { at: row.updatedAt, detail: null }
  if (detail === null && deps.now().getTime() - at.getTime() < IN_FLIGHT_MS)
    throw new ApiError(409, 'TEMPLATE_IN_SUBMISSION', 'The template is being submitted. Try again in 30 seconds.', {
      headers: { 'retry-after': '30' },
    })
  const askedAt = listTime(deps.now())
  const result = await namedAtMeta(deps.meta, access, row.name)
  if (result.kind !== 'ok') throw metaFailure(result)
  const listed = listOf(result.data.data).filter(isObject).map(listedTemplate)
  const own = listed.find(one => one?.name === row.name && one.language === row.language)
  if (!own) return null
  const change = await changeTemplate(deps.store, row, now => mergeTemplate(now, own, askedAt))
  if (change?.event) void deps.events.publish([change.event], null)
  return change?.template ?? row
}
