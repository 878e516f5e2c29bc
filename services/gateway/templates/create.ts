import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '#shared/domain/errors.ts'
import { submissionOf } from '#shared/domain/templates/change.ts'
import { languageCode } from '#shared/domain/templates/languages.ts'
import { callerOf, type Reply, type RouteRequest } from '#shared/http/route.ts'
import type { TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateDoc, TemplateSyncDoc } from '#shared/model/documents.ts'
import { type Id, toId } from '#shared/model/ids.ts'
import { requestSync } from '#shared/store/templates/syncs.ts'
import {
  changeTemplate,
  findTemplateAt,
  forgetTemplate,
  insertTemplate,
  saveTemplate,
  type TemplateChange,
  type TemplatePlace,
} from '#shared/store/templates/templates.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { clientFor } from '../messages/recipient.ts'
import { accessesOf, accessOf } from './access.ts'
import { composeContent, type NewTemplate, requireTimeToLive } from './content.ts'
import { metaFailure } from './refusals.ts'
import { withSamples } from './samples.ts'
import { asked, noteSubmission, settle, submit } from './submit.ts'

/** Caller of a template operation, with address and trace; any route's request fits. */
export type TemplateCaller = Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip' | 'traceparent'>

/**
 * Stores a template and submits it to Meta, or only registers it. The row is written before the call to Meta, and its unique key
 * keeps two callers from submitting the same template.
 * @throws ApiError 404; 422 TEMPLATE_INVALID, or TEMPLATE_REFUSED by Meta: no row remains; 409 TEMPLATE_EXISTS; 503: the row remains
 * UNSUBMITTED; 502: it remains UNKNOWN until a sync settles it. A repeated request continues with the remaining row.
 * @param creationId the same in each repeat of the request
 */
async function createTemplate(deps: GatewayDeps, by: TemplateCaller, input: NewTemplate, creationId: Id): Promise<TemplateDoc> {
  const { tenantId, id } = callerOf(by)
  const { category, submit: isSubmitted = true, messageSendTtlSeconds = null } = input
  requireTimeToLive(messageSendTtlSeconds, category)
  const content = composeContent(input, { category, submit: isSubmitted })
  const client = await clientFor(deps.store, tenantId, input.clientId)
  const access = isSubmitted ? accessOf(deps, client) : null
  const place = { tenantId: client.tenantId, wabaId: client.wabaId, name: input.name, language: languageCode(input.language) }
  const fresh: Partial<TemplateDoc> = {
    ...RESET_FIELDS,
    ...content,
    ...(access && { components: await withSamples(deps, access, content.components) }),
    category,
    messageSendTtlSeconds,
    ...(access ? asked(deps.now()) : { status: 'PENDING', reason: null, submission: null, lastEventAt: {} }),
    createdBy: toId(id),
    creationId,
  }
  const taken = await takePlace(deps, by, { place, fresh, access })
  if (taken.isDone) return taken.template
  const template = access ? await send(deps, by, access, taken) : taken.template
  await emitStatus(deps, by, template)
  return template
}

/** Creates a template once per Idempotency-Key. @param what name of the call @param view response body of the created template */
export async function createTemplateOnce(
  what: string,
  request: TemplateCaller & Pick<RouteRequest<unknown, unknown, unknown>, 'body' | 'headers'>,
  deps: GatewayDeps,
  { input, view }: { input: NewTemplate; view: (template: TemplateDoc) => unknown },
): Promise<Reply> {
  const key = idempotencyKeyOf(request.headers)
  return withIdempotencyKey(deps, callerOf(request).tenantId, key, { what, body: request.body }, async once => ({
    status: 201,
    body: view(await createTemplate(deps, request, input, once.resourceId)),
  }))
}

/** Fields reset when a row is reused for a new template; its id and usage counters are kept. */
const RESET_FIELDS = {
  metaTemplateId: null,
  quality: 'UNKNOWN',
  categoryChange: null,
  disabledAt: null,
  deletedAt: null,
  edits: [],
} satisfies Partial<TemplateDoc>

interface Taken {
  template: TemplateDoc
  /** The row as it was before; null for a new one. */
  before: TemplateDoc | null
  /** True when an earlier call has already created it at Meta. */
  isDone: boolean
}

/** Writes the row of a template that is to be created, with its audit entry. @throws ApiError 409 TEMPLATE_EXISTS */
async function takePlace(
  deps: GatewayDeps,
  by: TemplateCaller,
  { place, fresh, access }: { place: TemplatePlace; fresh: Partial<TemplateDoc>; access: TemplateAccess | null },
): Promise<Taken> {
  const entryOf = ({ _id }: TemplateDoc) => ({ action: 'templates.create', object: { kind: 'template', id: String(_id) } })
  const made = await insertTemplate(deps.store, { ...fresh, ...place }, audited(by, deps, entryOf))
  if (made) return { template: made, before: null, isDone: false }
  const before = await findTemplateAt(deps.store, place)
  if (before === null) throw exists(null)
  if (isCreatedBy(before, fresh)) return { template: before, before, isDone: true }
  const isOpen = submissionOf(before) === 'UNKNOWN' && access !== null
  const settled = isOpen && access ? await settle(deps, access, before) : null
  if (settled && isSame(before, fresh)) return { template: settled, before, isDone: true }
  if (settled || !(isOpen || isFree(before))) throw exists(before)
  const { createdBy: updatedBy, ...fields } = fresh
  const decide = (now: TemplateDoc) =>
    isDeepStrictEqual(now.updatedAt, before.updatedAt) ? { ...fields, updatedBy: updatedBy ?? null } : null
  const alongside = audited<TemplateChange>(by, deps, ({ template }) => entryOf(template))
  const change = await changeTemplate(deps.store, before, decide, { emit: false, alongside })
  if (change === null) throw exists(before)
  return { template: change.template, before, isDone: false }
}

/** Whether an earlier attempt of the same request has created this row, at Meta too if it is submitted. */
const isCreatedBy = (template: TemplateDoc, { creationId }: Partial<TemplateDoc>) =>
  creationId?.equals(template.creationId ?? '') === true && ['SUBMITTED', 'REGISTERED'].includes(submissionOf(template))

/** Whether a new template may take over this row: it is out of use, or was never submitted. */
const isFree = (template: TemplateDoc) =>
  template.status === 'DISABLED' || template.deletedAt != null || submissionOf(template) === 'UNSUBMITTED'

/** Whether two templates have the same content and time to live. Examples are ignored: their media handles differ with each upload. */
const isSame = (a: TemplateDoc, b: Partial<TemplateDoc>) =>
  a.category === b.category &&
  (a.messageSendTtlSeconds ?? null) === (b.messageSendTtlSeconds ?? null) &&
  withoutExamples(a.components) === withoutExamples(b.components ?? [])
const withoutExamples = (components: TemplateDoc['components']) =>
  JSON.stringify(components, (name, value) => (name === 'example' ? undefined : value))

const exists = (template: TemplateDoc | null) =>
  new ApiError(409, 'TEMPLATE_EXISTS', 'The account already has a template with this name and language.', {
    extra: { templateId: template && String(template._id) },
  })

/** Submits the row. After a failure the row is removed, restored or marked as its outcome requires. @throws ApiError as Meta failed */
async function send(deps: GatewayDeps, by: TemplateCaller, access: TemplateAccess, taken: Taken): Promise<TemplateDoc> {
  const outcome = await submit(deps, access, taken.template)
  if (outcome.kind === 'submitted') return outcome.template
  const { failure } = outcome
  const error = metaFailure(failure, { templateId: String(taken.template._id) })
  if (error.status < 500) {
    await undo(deps, by, taken)
    throw metaFailure(failure)
  }
  if (failure.kind !== 'unknown') await noteSubmission(deps, taken.template, 'UNSUBMITTED', error.message)
  await emitStatus(deps, by, taken.template)
  throw error
}

async function undo(deps: GatewayDeps, by: TemplateCaller, { template, before }: Taken): Promise<void> {
  const object = { kind: 'template', id: String(template._id) }
  const alongside = audited(by, deps, () => ({ action: 'templates.refused', object }))
  if (before === null) return await forgetTemplate(deps.store, template, alongside)
  const { _id, createdAt: _createdAt, updatedAt: _updatedAt, ...fields } = before
  await changeTemplate(deps.store, template, now => (now.metaTemplateId === null ? fields : null), { emit: false, alongside })
}

/** Requests a sync, which a background job runs. @throws ApiError 409 NUMBER_NOT_CONNECTED without a usable number */
export async function orderSync(deps: GatewayDeps, by: TemplateCaller): Promise<TemplateSyncDoc> {
  const { tenantId, id } = callerOf(by)
  if ((await accessesOf(deps, tenantId)).size === 0)
    throw new ApiError(
      409,
      'NUMBER_NOT_CONNECTED',
      'No connected number can read templates from WhatsApp. Connect a number first.',
    )
  const order = { trigger: 'request' as const, requestedBy: toId(id), now: deps.now() }
  const entryOf = ({ _id }: TemplateSyncDoc) => ({ action: 'templates.sync', object: { kind: 'job', id: _id } })
  return await requestSync(deps.store, tenantId, order, audited(by, deps, entryOf))
}

/** Saves and publishes the event `template:status`. */
export async function emitStatus(deps: GatewayDeps, by: TemplateCaller, template: TemplateDoc): Promise<void> {
  void deps.events.publish([await saveTemplate(deps.store, template)], by.traceparent)
}
