import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '#shared/domain/errors.ts'
import { submissionOf } from '#shared/domain/templates/change.ts'
import { listedTemplate, mergeTemplate } from '#shared/fold/account/template-facts.ts'
import { oneAtMeta, type TemplateAccess } from '#shared/meta/templates.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { changeTemplate } from '#shared/store/templates/templates.ts'
import { accessFor } from './access.ts'
import { composeContent } from './content.ts'
import { emitStatus } from './create.ts'
import { isNotThere, metaFailure } from './refusals.ts'
import { withSamples } from './samples.ts'
import { asked, listTime, noteSubmission, settle, submit } from './submit.ts'
import { changeEntry, underWay, type Work, write } from './write.ts'

/**
 * Submits a template that is only registered or whose submission failed; after a refusal the row is as before. A template that was
 * disabled by hand gets its status at Meta again. @throws ApiError 409, 422, 502, 503
 */
export async function submitAgain(work: Work, template: TemplateDoc): Promise<TemplateDoc> {
  const { deps } = work
  const access = await accessFor(deps, template)
  const submission = submissionOf(template)
  if (submission === 'SUBMITTED') return restoreFromMeta(work, access, template)
  const settled = submission === 'UNKNOWN' ? await settle(deps, access, template) : null
  if (settled) return settled
  const { category, components, variables } = template
  const content = composeContent({ components }, { category, submit: true, before: variables, orName: true })
  const isUnchanged = (now: TemplateDoc) => isDeepStrictEqual(now.updatedAt, template.updatedAt)
  const samples = await withSamples(deps, access, content.components)
  const fields = { ...content, components: samples, ...asked(deps.now()), disabledAt: null }
  const taken = await changeTemplate(deps.store, template, now => (isUnchanged(now) ? fields : null), {
    emit: false,
    alongside: changeEntry(work),
  })
  if (taken === null) throw underWay()
  const outcome = await submit(deps, access, taken.template)
  if (outcome.kind === 'submitted') {
    await emitStatus(deps, work.by, outcome.template)
    return outcome.template
  }
  const error = metaFailure(outcome.failure)
  if (outcome.failure.kind === 'unknown') await emitStatus(deps, work.by, taken.template)
  else await restore(work, template, error.message)
  throw error
}

/** Restores the row after a failed submission and keeps the reason. */
async function restore(work: Work, template: TemplateDoc, failure: string): Promise<void> {
  const { deps } = work
  await noteSubmission(deps, template, 'UNSUBMITTED', failure)
  const { status, reason, lastEventAt = {}, disabledAt = null } = template
  const fields = { status, reason, lastEventAt, disabledAt }
  await changeTemplate(deps.store, template, now => (now.metaTemplateId ? null : fields), { alongside: changeEntry(work) })
}

/** Applies the status at Meta again to a template that was disabled by hand. */
async function restoreFromMeta(work: Work, access: TemplateAccess, template: TemplateDoc): Promise<TemplateDoc> {
  if (!template.disabledAt) throw new ApiError(409, 'TEMPLATE_SUBMITTED', 'WhatsApp already has this template.')
  const askedAt = listTime(work.deps.now())
  const result = await oneAtMeta(work.deps.meta, access, template.metaTemplateId as string)
  if (isNotThere(result)) throw new ApiError(409, 'TEMPLATE_GONE', 'WhatsApp no longer has this template. Create it again.')
  if (result.kind !== 'ok') throw metaFailure(result)
  const listed = listedTemplate({ ...result.data, id: template.metaTemplateId })
  return write(work, template, now => ({
    disabledAt: null,
    ...(listed && mergeTemplate({ ...now, disabledAt: null, lastEventAt: {} }, listed, askedAt)),
  }))
}
