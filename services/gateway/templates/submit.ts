import { ApiError } from '#shared/domain/errors.ts'
import { isTemplateCategory, templateStateOf } from '#shared/domain/templates/status.ts'
import { listedTemplate, mergeTemplate } from '#shared/fold/template-facts.ts'
import { isObject, listOf, text } from '#shared/meta/json.ts'
import { createAtMeta, namedAtMeta, type TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { syncTemplatesSoon } from '#shared/store/numbers/checks.ts'
import { changeTemplate, type TemplateChange } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { type Failure, metaFailure } from './refusals.ts'

/** A call that nobody heard the end of is over by then. */
const IN_FLIGHT_MS = 30_000
const SECOND_MS = 1000

/** Webhooks tell whole seconds: a word of the same second as ours counts as newer. */
export const secondOf = (at: Date): Date => new Date(Math.floor(at.getTime() / SECOND_MS) * SECOND_MS)
/** What was heard up to then a list that is asked for now includes. */
export const listTime = (at: Date): Date => new Date(secondOf(at).getTime() - SECOND_MS)

/** The fields of a row before Meta is asked to create it: an end that nobody sees leaves it so, and a sync settles it. */
export const asked = (now: Date): Partial<TemplateDoc> => ({
  status: 'PENDING',
  reason: null,
  submission: { state: 'UNKNOWN', at: now, detail: null },
  lastEventAt: { status: secondOf(now) },
})

export type Submitted = { kind: 'submitted'; template: TemplateDoc } | { kind: 'failed'; failure: Failure }

/**
 * Asks Meta to create a template whose row says so already. What follows from a failure is the caller's; one that may come of a
 * success, as when Meta never answers, is written: the row stays UNKNOWN, and the account's templates are read soon.
 */
export async function submit(deps: GatewayDeps, access: TemplateAccess, row: TemplateDoc): Promise<Submitted> {
  const askedAt = deps.now()
  const result = await createAtMeta(deps.meta, access, row)
  const id = result.kind === 'ok' ? text(result.data.id) : null
  if (result.kind === 'ok' && id !== null)
    return { kind: 'submitted', template: await link(deps, row, { ...result.data, id }, askedAt) }
  const failure: Failure = result.kind === 'ok' ? { ...result, kind: 'unknown', why: 'the answer names no id' } : result
  if (failure.kind === 'unknown') await noteSubmission(deps, row, 'UNKNOWN', failure.why)
  if (failure.kind === 'unknown' || isTaken(failure)) await syncTemplatesSoon(deps.store, row)
  return { kind: 'failed', failure }
}

/** Meta has one of that name and language which is not here, or not linked. */
const isTaken = (failure: Failure) => failure.kind === 'refused' && failure.error.subcode === 2388024

/** Meta's answer; what a webhook has told meanwhile stands. */
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
  const change = await changeTemplate(store, row, decide, { tell: false })
  return change?.template ?? row
}

/**
 * No webhook has said anything about it since `before` was read. One that was heard in the second of our call cannot be told by
 * its time: then nobody else may have touched the row.
 */
export function isUnanswered(now: TemplateDoc, before: TemplateDoc, topic: string, askedAt: Date): boolean {
  const [eventAt, known] = [now, before].map(({ lastEventAt }) => lastEventAt?.[topic]?.getTime() ?? 0) as [number, number]
  return now.updatedAt.getTime() === before.updatedAt.getTime() || (eventAt === known && eventAt < secondOf(askedAt).getTime())
}

/** Where the submission of a template stands that has no id of Meta's. */
export function noteSubmission(
  { store, now }: Pick<GatewayDeps, 'store' | 'now'>,
  row: TemplateDoc,
  state: 'UNKNOWN' | 'UNSUBMITTED',
  detail: string | null,
): Promise<TemplateChange | null> {
  const submission = { state, at: now(), detail }
  return changeTemplate(store, row, current => (current.metaTemplateId ? null : { submission }), { tell: false })
}

/**
 * What came of a submission whose end nobody saw: Meta is asked for the name. Null: it is certainly not there, and may be
 * submitted again. @throws ApiError 409 while a call may be under way, 502, 503 when Meta does not say
 */
export async function settle(deps: GatewayDeps, access: TemplateAccess, row: TemplateDoc): Promise<TemplateDoc | null> {
  const { at, detail } = row.submission ?? { at: row.updatedAt, detail: null }
  if (detail === null && deps.now().getTime() - at.getTime() < IN_FLIGHT_MS)
    throw new ApiError(409, 'TEMPLATE_IN_SUBMISSION', 'This template is being submitted', { headers: { 'retry-after': '30' } })
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
