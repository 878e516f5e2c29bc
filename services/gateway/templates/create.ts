import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '#shared/domain/errors.ts'
import { submissionOf } from '#shared/domain/templates/change.ts'
import { languageCode } from '#shared/domain/templates/status.ts'
import { callerOf, type Reply, type RouteRequest } from '#shared/http/route.ts'
import type { TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateDoc, TemplateSyncDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { requestSync } from '#shared/store/templates/syncs.ts'
import {
  changeTemplate,
  findTemplateAt,
  forgetTemplate,
  insertTemplate,
  saveTemplate,
  type TemplatePlace,
} from '#shared/store/templates/templates.ts'
import { recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { clientFor } from '../messages/recipient.ts'
import { accessesOf, accessOf } from './access.ts'
import { composeContent, type NewTemplate } from './content.ts'
import { metaFailure } from './refusals.ts'
import { withSamples } from './samples.ts'
import { asked, noteSubmission, settle, submit } from './submit.ts'

/** Who asks: any route's request will do. */
export type TemplateCaller = Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip' | 'traceparent'>

/**
 * Stores a template and submits it to Meta, or registers it by hand. A row is written before Meta is asked, and its unique
 * place keeps two callers from submitting the same one.
 * @throws ApiError 404, 422 TEMPLATE_INVALID, TEMPLATE_REFUSED by Meta: nothing stays; 409 TEMPLATE_EXISTS; 503: it stays
 * UNSUBMITTED; 502: it stays UNKNOWN until a sync settles it. A repeat goes on with what stayed.
 */
export async function createTemplate(deps: GatewayDeps, by: TemplateCaller, input: NewTemplate): Promise<TemplateDoc> {
  const { tenantId, id } = callerOf(by)
  const { category, submit: isSubmitted = true } = input
  const content = composeContent(input, { category, submit: isSubmitted })
  const client = await clientFor(deps.store, tenantId, input.clientId)
  const access = isSubmitted ? accessOf(deps, client) : null
  const place = { tenantId: client.tenantId, wabaId: client.wabaId, name: input.name, language: languageCode(input.language) }
  const fresh: Partial<TemplateDoc> = {
    ...CLEAN,
    ...content,
    ...(access && { components: await withSamples(deps, access, content.components) }),
    category,
    ...(access ? asked(deps.now()) : { status: 'PENDING', reason: null, submission: null, lastEventAt: {} }),
    createdBy: toId(id),
  }
  const taken = await takePlace(deps, place, fresh, access)
  if (taken.isDone) return taken.template
  const template = access ? await send(deps, by, access, taken) : taken.template
  await announce(deps, by, template)
  return template
}

/** Once per Idempotency-Key. @param what names the call @param view of what was made, as its route shows it */
export async function createTemplateOnce(
  what: string,
  request: TemplateCaller & Pick<RouteRequest<unknown, unknown, unknown>, 'body' | 'headers'>,
  deps: GatewayDeps,
  { input, view }: { input: NewTemplate; view: (template: TemplateDoc) => unknown },
): Promise<Reply> {
  const key = idempotencyKeyOf(request.headers)
  return withIdempotencyKey(deps, callerOf(request).tenantId, key, { what, body: request.body }, async () => ({
    status: 201,
    body: view(await createTemplate(deps, request, input)),
  }))
}

async function announce(deps: GatewayDeps, by: TemplateCaller, template: TemplateDoc): Promise<void> {
  await tell(deps, by, template)
  await recordAudit(by, deps, { action: 'templates.create', object: { kind: 'template', id: String(template._id) } })
}

/** A row that stood there before keeps its id and what was counted of it. */
const CLEAN = {
  metaTemplateId: null,
  quality: 'UNKNOWN',
  categoryChange: null,
  disabledAt: null,
  deletedAt: null,
  edits: [],
} satisfies Partial<TemplateDoc>

interface Taken {
  template: TemplateDoc
  /** What stood in its place. */
  before: TemplateDoc | null
  /** Meta has it from an earlier call. */
  isDone: boolean
}

async function takePlace(
  deps: GatewayDeps,
  place: TemplatePlace,
  fresh: Partial<TemplateDoc>,
  access: TemplateAccess | null,
): Promise<Taken> {
  const made = await insertTemplate(deps.store, { ...fresh, ...place })
  if (made) return { template: made, before: null, isDone: false }
  const before = await findTemplateAt(deps.store, place)
  if (before === null) throw exists(null)
  const isOpen = submissionOf(before) === 'UNKNOWN' && access !== null
  const settled = isOpen && access ? await settle(deps, access, before) : null
  if (settled && isSame(before, fresh)) return { template: settled, before, isDone: true }
  if (settled || !(isOpen || isFree(before))) throw exists(before)
  const { createdBy: updatedBy, ...fields } = fresh
  const decide = (now: TemplateDoc) =>
    isDeepStrictEqual(now.updatedAt, before.updatedAt) ? { ...fields, updatedBy: updatedBy ?? null } : null
  const change = await changeTemplate(deps.store, before, decide, { tell: false })
  if (change === null) throw exists(before)
  return { template: change.template, before, isDone: false }
}

/** Out of use, or never at Meta for a reason that may be over. */
const isFree = (template: TemplateDoc) =>
  template.status === 'DISABLED' || template.deletedAt != null || submissionOf(template) === 'UNSUBMITTED'

/** Samples are handed to Meta each time anew. */
const isSame = (a: TemplateDoc, b: Partial<TemplateDoc>) =>
  a.category === b.category && wordsOf(a.components) === wordsOf(b.components ?? [])
const wordsOf = (components: TemplateDoc['components']) =>
  JSON.stringify(components, (name, value) => (name === 'example' ? undefined : value))

const exists = (template: TemplateDoc | null) =>
  new ApiError(409, 'TEMPLATE_EXISTS', 'This account has a template of that name and language', {
    extra: { templateId: template && String(template._id) },
  })

/** @throws ApiError as Meta failed, with the row as it then has to stand */
async function send(deps: GatewayDeps, by: TemplateCaller, access: TemplateAccess, taken: Taken): Promise<TemplateDoc> {
  const outcome = await submit(deps, access, taken.template)
  if (outcome.kind === 'submitted') return outcome.template
  const { failure } = outcome
  const error = metaFailure(failure, { templateId: String(taken.template._id) })
  if (error.status < 500) {
    await undo(deps, taken)
    throw metaFailure(failure)
  }
  if (failure.kind !== 'unknown') await noteSubmission(deps, taken.template, 'UNSUBMITTED', error.message)
  await announce(deps, by, taken.template)
  throw error
}

async function undo({ store }: GatewayDeps, { template, before }: Taken): Promise<void> {
  if (before === null) return await forgetTemplate(store, template)
  const { _id, createdAt: _createdAt, updatedAt: _updatedAt, ...fields } = before
  await changeTemplate(store, template, now => (now.metaTemplateId === null ? fields : null), { tell: false })
}

/** Has Meta's templates read by whoever cares for the numbers. @throws ApiError 409 when no number can ask */
export async function orderSync(deps: GatewayDeps, by: TemplateCaller): Promise<TemplateSyncDoc> {
  const { tenantId, id } = callerOf(by)
  if ((await accessesOf(deps, tenantId)).size === 0)
    throw new ApiError(409, 'NUMBER_NOT_CONNECTED', 'No connected number can ask WhatsApp for templates')
  const order = { trigger: 'request' as const, requestedBy: toId(id), now: deps.now() }
  const sync = await requestSync(deps.store, tenantId, order)
  await recordAudit(by, deps, { action: 'templates.sync', object: { kind: 'job', id: sync._id } })
  return sync
}

/** As `template:status`, once it is known how it stands. */
export async function tell(deps: GatewayDeps, by: TemplateCaller, template: TemplateDoc): Promise<void> {
  void deps.events.publish([await saveTemplate(deps.store, template)], by.traceparent)
}
