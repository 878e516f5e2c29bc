import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '#shared/domain/errors.ts'
import { refuseEdit, refuseStatus, submissionOf, withEdit } from '#shared/domain/templates/change.ts'
import { describeVariables, variablesOf } from '#shared/domain/templates/variables.ts'
import { callerOf } from '#shared/http/route.ts'
import { deleteAtMeta, editAtMeta } from '#shared/meta/templates.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { findCampaignsOf } from '#shared/store/campaigns/campaigns.ts'
import { scheduleTemplateSync } from '#shared/store/numbers/checks.ts'
import { getTemplate } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { accessFor } from './access.ts'
import { type Content, composeContent, hasContent, invalid, requireTimeToLive, type TemplatePatch } from './content.ts'
import type { TemplateCaller } from './create.ts'
import { isNotThere, metaFailure, refuseBy } from './refusals.ts'
import { submitAgain } from './resubmit.ts'
import { withSamples } from './samples.ts'
import { isUnanswered, secondOf, settle } from './submit.ts'
import { underWay, type Work, write } from './write.ts'

/**
 * Changes the given fields. Content, category and time to live are changed at Meta first if Meta has the template; the status can be set only if
 * it has not; names and descriptions of variables always. `submit` sends a registered template to Meta, or applies Meta's status
 * again to one that was disabled by hand.
 * @throws ApiError 404, 409 by Meta's rules or TEMPLATE_MANAGED_BY_META, 422, 502 and 503 when the call to Meta failed
 */
export async function patchTemplate(
  deps: GatewayDeps,
  by: TemplateCaller,
  id: string,
  input: TemplatePatch,
): Promise<TemplateDoc> {
  const before = await getTemplate(deps.store, callerOf(by).tenantId, id)
  const work: Work = { deps, by, action: 'templates.update' }
  if (input.status) refuseBy(refuseStatus(before, input.status))
  const edited = await edit(work, before, input)
  const marked = input.status ? await mark(work, edited, input.status) : edited
  return input.submit ? await submitAgain(work, marked) : marked
}

/**
 * Takes a template out of use: it is deleted at Meta, and its row stays as DISABLED. A failure at Meta changes nothing.
 * @throws ApiError 404, 409 TEMPLATE_IN_USE by a campaign unless forced, 422, 502 and 503 when the call to Meta failed
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
  if (known.metaTemplateId) await deleteFromMeta(deps, known)
  return await mark({ deps, by, action: 'templates.delete' }, known, 'DISABLED', 'deleted')
}

async function edit(work: Work, before: TemplateDoc, input: TemplatePatch): Promise<TemplateDoc> {
  const category = input.category ?? before.category
  const isManaged = Boolean(before.metaTemplateId)
  const own: Partial<Content> = hasContent(input)
    ? composeContent(input, { category, submit: isManaged, before: before.variables })
    : input.variables
      ? { variables: renamed(before, input.variables) }
      : {}
  const { messageSendTtlSeconds: known = null } = before
  const { messageSendTtlSeconds = known } = input
  const keepsRest = category === before.category && messageSendTtlSeconds === known
  if (!keepsRest) requireTimeToLive(messageSendTtlSeconds, category)
  if (own.components === undefined && keepsRest) return own.variables ? write(work, before, () => own) : before
  const wanted = { ...own, category, messageSendTtlSeconds }
  if (isManaged) return editManaged(work, before, wanted)
  if (submissionOf(before) === 'UNKNOWN') throw underWay()
  return write(work, before, () => wanted)
}

/** Variables with the given names and descriptions, which Meta does not know. @throws ApiError 422 */
function renamed(template: TemplateDoc, given: NonNullable<TemplatePatch['variables']>): TemplateDoc['variables'] {
  const found = variablesOf(template.components, template.variables)
  const { variables, problems } = describeVariables(found.variables, found.parameterFormat, given)
  if (problems.length > 0) throw invalid(problems)
  return variables
}

/** Edits a template at Meta, which reviews it again. A status that a webhook reports meanwhile is kept. */
async function editManaged(
  work: Work,
  before: TemplateDoc,
  wanted: Partial<Content> & { category: TemplateDoc['category']; messageSendTtlSeconds: number | null },
): Promise<TemplateDoc> {
  const { deps } = work
  const { components, category, messageSendTtlSeconds } = wanted
  const isSame = components === undefined || isDeepStrictEqual(components, before.components)
  const body: Partial<Pick<TemplateDoc, 'components' | 'category' | 'messageSendTtlSeconds'>> = {
    ...(!isSame && { components }),
    ...(category !== before.category && { category }),
    ...(messageSendTtlSeconds !== (before.messageSendTtlSeconds ?? null) && { messageSendTtlSeconds }),
  }
  if (Object.keys(body).length === 0) return write(work, before, () => wanted)
  const now = deps.now()
  refuseBy(refuseEdit(before, { category, parameterFormat: wanted.parameterFormat }, now))
  const access = await accessFor(deps, before)
  if (body.components) body.components = await withSamples(deps, access, body.components)
  const result = await editAtMeta(deps.meta, access, before.metaTemplateId as string, body)
  if (result.kind !== 'ok') {
    if (result.kind === 'unknown' || isNotThere(result)) await scheduleTemplateSync(deps.store, before)
    throw metaFailure(result)
  }
  return write(work, before, current => ({
    ...wanted,
    ...body,
    ...(before.status === 'APPROVED' && { edits: withEdit(current.edits, now) }),
    ...(isUnanswered(current, before, 'status', now) &&
      !current.disabledAt && {
        status: 'PENDING',
        reason: null,
        lastEventAt: { ...current.lastEventAt, status: secondOf(now), components: secondOf(now) },
      }),
  }))
}

/** Sets the status without asking Meta. */
function mark(
  work: Work,
  template: TemplateDoc,
  status: TemplateDoc['status'],
  reason = 'disabled by hand',
): Promise<TemplateDoc> {
  const isEnd = status === 'DISABLED'
  return write(work, template, () => ({
    status,
    reason: isEnd ? reason : null,
    disabledAt: isEnd ? work.deps.now() : null,
    ...(isEnd && { submission: null }),
  }))
}

/** Deletes a template at Meta; one that Meta no longer has or has disabled itself is no failure. @throws ApiError as Meta failed */
async function deleteFromMeta(deps: GatewayDeps, template: TemplateDoc): Promise<void> {
  const { name, metaTemplateId, status, disabledAt } = template
  const access = await accessFor(deps, template)
  const result = await deleteAtMeta(deps.meta, access, { name, id: metaTemplateId as string })
  const isMetasOwn = status === 'DISABLED' && !disabledAt && result.kind === 'refused'
  if (result.kind === 'ok' || isNotThere(result) || isMetasOwn) return
  if (result.kind === 'unknown') await scheduleTemplateSync(deps.store, template)
  throw metaFailure(result)
}

async function requireUnused({ store }: GatewayDeps, template: TemplateDoc): Promise<void> {
  const campaigns = await findCampaignsOf(store, template)
  if (campaigns.length === 0) return
  const names = campaigns.map(({ name }) => name).join(', ')
  throw new ApiError(409, 'TEMPLATE_IN_USE', `The template is used by these campaigns: ${names}.`, {
    extra: { campaigns: campaigns.map(({ _id, name, status }) => ({ id: String(_id), name, status })) },
  })
}
