import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '#shared/domain/errors.ts'
import { submissionOf } from '#shared/domain/templates/change.ts'
import { listedTemplate, mergeTemplate } from '#shared/fold/template-facts.ts'
import { oneAtMeta, type TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { changeTemplate } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { accessFor } from './access.ts'
import { composeContent } from './content.ts'
import { tell } from './create.ts'
import { isNotThere, metaFailure } from './refusals.ts'
import { withSamples } from './samples.ts'
import { asked, listTime, noteSubmission, settle, submit } from './submit.ts'
import { underWay, type Work, write } from './write.ts'

/**
 * Submits what is registered, or what did not arrive; what Meta refuses stands as before. One that was disabled by hand is given
 * back to Meta's word. @throws ApiError 409, 422, 502, 503
 */
export async function submitAgain(work: Work, template: TemplateDoc): Promise<TemplateDoc> {
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
  const { status, reason, lastEventAt = {}, disabledAt = null } = template
  const fields = { status, reason, lastEventAt, disabledAt }
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
    ...(listed && mergeTemplate({ ...now, disabledAt: null, lastEventAt: {} }, listed, askedAt)),
  }))
}
