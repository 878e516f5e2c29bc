import { ApiError } from '#shared/domain/errors.ts'
import { callerOf } from '#shared/http/route.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changeTemplate, type Decide } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import type { TemplateCaller } from './create.ts'

/** Dependencies of a change and its caller. */
export interface Work {
  deps: GatewayDeps
  by: TemplateCaller
}

/** Writes the fields that `decide` derives from the current row and emits the change; returns the row after it. */
export async function write({ deps, by }: Work, template: TemplateDoc, decide: Decide): Promise<TemplateDoc> {
  const updatedBy = toId(callerOf(by).id)
  const change = await changeTemplate(deps.store, template, now => {
    const changes = decide(now)
    return changes && { ...changes, updatedBy }
  })
  if (change?.event) void deps.events.publish([change.event], by.traceparent)
  return change?.template ?? template
}

/** Error for a template whose submission has an unknown outcome. */
export const underWay = () =>
  new ApiError(
    409,
    'TEMPLATE_IN_SUBMISSION',
    'It is not known yet whether WhatsApp has this template. Run a sync or submit it again.',
  )
