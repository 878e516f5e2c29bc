import { isDeepStrictEqual } from 'node:util'
import { Types } from 'mongoose'
import { ApiError } from '#shared/domain/errors.ts'
import { refuseEdit, refuseStatus, submissionOf, withEdit } from '#shared/domain/template-change.ts'
import { listedTemplate, mergeTemplate } from '#shared/fold/template-facts.ts'
import { callerOf } from '#shared/http/route.ts'
import { deleteAtMeta, editAtMeta, oneAtMeta, type TemplateAccess } from '#shared/meta/templates.ts'
import { changesOf } from '#shared/store/audit.ts'
import { findCampaignsOf } from '#shared/store/campaigns.ts'
import { syncTemplatesSoon } from '#shared/store/client-care.ts'
import type { TemplateDoc } from '#shared/store/documents.ts'
import { changeTemplate, type Decide, getTemplate } from '#shared/store/templates.ts'
import type { GatewayDeps } from './deps.ts'
import { publishEvents } from './events.ts'
import { accessFor } from './template-access.ts'
import { type Content, composeContent, hasContent, type TemplatePatch } from './template-content.ts'
import { isNotThere, metaFailure, refuseBy } from './template-refusals.ts'
import { withSamples } from './template-samples.ts'
import { asked, isUnheard, listTime, noteSubmission, secondOf, settle, submit } from './template-submit.ts'
import { type TemplateCaller, tell } from './templates.ts'
import { trace } from './trace.ts'

/**
 * Changes what is given: content and category at Meta first where Meta has the template, the status by hand where it has not,
 * names and descriptions of variables always. `submit` sends a registered one to Meta, and lets Meta's word count again for one
 * that was disabled by hand.
 * @throws ApiError 404, 409 by Meta's rules or TEMPLATE_MANAGED_BY_META, 422, 502 and 503 as Meta failed
 */
export async function patchTemplate(
  deps: GatewayDeps,
  by: TemplateCaller,
  id: string,
  wish: TemplatePatch,
): Promise<TemplateDoc> {
  const before = await getTemplate(deps.store, callerOf(by).tenantId, id)
  const work: Work = { deps, by }
  if (wish.status) refuseBy(refuseStatus(before, wish.status))
  const edited = await edit(work, before, wish)
  const marked = wish.status ? await mark(work, edited, wish.status) : edited
  const after = wish.submit ? await submitAgain(work, marked) : marked
  const changes = changesOf(before, after, ['status', 'category', 'components', 'variables', 'metaTemplateId'])
  await trace(by, deps, { action: 'templates.update', object: { kind: 'template', id: String(after._id) }, changes })
  return after
}

/**
 * Takes a template out of use: deleted at Meta, DISABLED here, where it stays to be read.
 * @throws ApiError 404, 409 TEMPLATE_IN_USE by a campaign unless forced, 422, 502 and 503 as Meta failed: then it stands as before
 */
export async function removeTemplate(
  deps: GatewayDeps,
  by: TemplateCaller,
  id: string,
  { force = false } = {},
): Promise<TemplateDoc> {
  const before = await getTemplate(deps.store, callerOf(by).tenantId, id)
  if (!force) await requireUnused(deps, before)
  const access = submissionOf(before) === 'UNKNOWN' ? await accessFor(deps, before) : null
  const known = (access && (await settle(deps, access, before))) ?? before
  if (known.metaTemplateId) await deleteThere(deps, known)
  const after = await mark({ deps, by }, known, 'DISABLED', 'deleted')
  const changes = changesOf(before, after, ['status'])
  await trace(by, deps, { action: 'templates.delete', object: { kind: 'template', id: String(after._id) }, changes })
  return after
}

interface Work {
  deps: GatewayDeps
  by: TemplateCaller
}

async function write({ deps, by }: Work, template: TemplateDoc, decide: Decide): Promise<TemplateDoc> {
  const updatedBy = new Types.ObjectId(callerOf(by).id)
  const change = await changeTemplate(deps.store, template, now => {
    const changes = decide(now)
    return changes && { ...changes, updatedBy }
  })
  if (change?.event) void publishEvents(deps, [change.event], by.traceparent)
  return change?.template ?? template
}

async function edit(work: Work, before: TemplateDoc, wish: TemplatePatch): Promise<TemplateDoc> {
  const category = wish.category ?? before.category
  const isManaged = before.metaTemplateId !== null
  const isNew = hasContent(wish)
  if (!isNew && !wish.variables && category === before.category) return before
  const source = isNew ? wish : { components: before.components, variables: wish.variables }
  const content = composeContent(source, { category, submit: isManaged && isNew, before: before.variables })
  if (!isNew && category === before.category) return write(work, before, () => ({ variables: content.variables }))
  const own = isNew ? content : { variables: content.variables }
  if (!isManaged && submissionOf(before) === 'UNKNOWN') throw underWay()
  if (!isManaged) return write(work, before, () => ({ ...own, category }))
  return editThere(work, before, { ...own, category })
}

const underWay = () =>
  new ApiError(409, 'TEMPLATE_IN_SUBMISSION', 'Whether WhatsApp has this template is not known yet: sync, or submit it again')

/** Meta reviews it again; what a webhook has told meanwhile stands. */
async function editThere(
  work: Work,
  before: TemplateDoc,
  wanted: Partial<Content> & { category: TemplateDoc['category'] },
): Promise<TemplateDoc> {
  const { deps } = work
  const { components, category } = wanted
  const isSame = components === undefined || isDeepStrictEqual(components, before.components)
  const body: Partial<Pick<TemplateDoc, 'components' | 'category'>> = {
    ...(!isSame && { components }),
    ...(category !== before.category && { category }),
  }
  if (Object.keys(body).length === 0) return write(work, before, () => wanted)
  const now = deps.now()
  refuseBy(refuseEdit(before, { category, parameterFormat: wanted.parameterFormat }, now))
  const access = await accessFor(deps, before)
  if (body.components) body.components = await withSamples(deps, access, body.components)
  const result = await editAtMeta(deps.meta, access, before.metaTemplateId as string, body)
  if (result.kind !== 'ok') {
    if (result.kind === 'unknown' || isNotThere(result)) await syncTemplatesSoon(deps.store, before)
    throw metaFailure(result)
  }
  return write(work, before, current => ({
    ...wanted,
    ...body,
    ...(before.status === 'APPROVED' && { edits: withEdit(current.edits, now) }),
    ...(isUnheard(current, before, 'status', now) &&
      !current.disabledAt && {
        status: 'PENDING',
        reason: null,
        heardAt: { ...current.heardAt, status: secondOf(now), components: secondOf(now) },
      }),
  }))
}

/** By hand. */
function mark(work: Work, template: TemplateDoc, status: TemplateDoc['status'], why = 'disabled by hand'): Promise<TemplateDoc> {
  const isEnd = status === 'DISABLED'
  return write(work, template, () => ({
    status,
    reason: isEnd ? why : null,
    disabledAt: isEnd ? work.deps.now() : null,
    ...(isEnd && { submission: null }),
  }))
}

async function submitAgain(work: Work, template: TemplateDoc): Promise<TemplateDoc> {
  const { deps } = work
  const access = await accessFor(deps, template)
  const submission = submissionOf(template)
  if (submission === 'SUBMITTED') return handBack(work, access, template)
  const settled = submission === 'UNKNOWN' ? await settle(deps, access, template) : null
  if (settled) return settled
  const { category, components, variables } = template
  const content = composeContent({ components }, { category, submit: true, before: variables, orName: true })
  const isStill = (now: TemplateDoc) => isDeepStrictEqual(now.updatedAt, template.updatedAt)
  const samples = await withSamples(deps, access, content.components)
  const fields = { ...content, components: samples, ...asked(deps.now()), disabledAt: null }
  const taken = await changeTemplate(deps.store, template, now => (isStill(now) ? fields : null), { tell: false })
  if (taken === null) throw underWay()
  const outcome = await submit(deps, access, taken.template)
  if (outcome.kind === 'submitted') {
    await tell(deps, work.by, outcome.template)
    return outcome.template
  }
  const error = metaFailure(outcome.failure)
  if (outcome.failure.kind === 'unknown') await tell(deps, work.by, taken.template)
  else await standAgain(deps, template, error.message)
  throw error
}

/** It was not submitted: as it stood, with the reason. */
async function standAgain(deps: GatewayDeps, template: TemplateDoc, why: string): Promise<void> {
  await noteSubmission(deps, template, 'UNSUBMITTED', why)
  const { status, reason, heardAt = {}, disabledAt = null } = template
  const fields = { status, reason, heardAt, disabledAt }
  await changeTemplate(deps.store, template, now => (now.metaTemplateId ? null : fields))
}

/** Meta's word counts again for what was disabled by hand. */
async function handBack(work: Work, access: TemplateAccess, template: TemplateDoc): Promise<TemplateDoc> {
  if (!template.disabledAt) throw new ApiError(409, 'TEMPLATE_SUBMITTED', 'WhatsApp has this template already')
  const askedAt = listTime(work.deps.now())
  const result = await oneAtMeta(work.deps.meta, access, template.metaTemplateId as string)
  if (isNotThere(result)) throw new ApiError(409, 'TEMPLATE_GONE', 'WhatsApp no longer has this template: create it again')
  if (result.kind !== 'ok') throw metaFailure(result)
  const listed = listedTemplate({ ...result.data, id: template.metaTemplateId })
  return write(work, template, now => ({
    disabledAt: null,
    ...(listed && mergeTemplate({ ...now, disabledAt: null, heardAt: {} }, listed, askedAt)),
  }))
}

/** What is gone already need not be deleted; one that Meta itself has disabled cannot be. */
async function deleteThere(deps: GatewayDeps, template: TemplateDoc): Promise<void> {
  const { name, metaTemplateId, status, disabledAt } = template
  const access = await accessFor(deps, template)
  const result = await deleteAtMeta(deps.meta, access, { name, id: metaTemplateId as string })
  const isMetasOwn = status === 'DISABLED' && !disabledAt && result.kind === 'refused'
  if (result.kind === 'ok' || isNotThere(result) || isMetasOwn) return
  if (result.kind === 'unknown') await syncTemplatesSoon(deps.store, template)
  throw metaFailure(result)
}

async function requireUnused({ store }: GatewayDeps, template: TemplateDoc): Promise<void> {
  const campaigns = await findCampaignsOf(store, template)
  if (campaigns.length === 0) return
  const names = campaigns.map(({ name }) => name).join(', ')
  throw new ApiError(409, 'TEMPLATE_IN_USE', `Campaigns send it: ${names}`, {
    extra: { campaigns: campaigns.map(({ _id, name, status }) => ({ id: String(_id), name, status })) },
  })
}
