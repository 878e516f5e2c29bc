import { ApiError } from '#shared/domain/errors.ts'
import { callerOf } from '#shared/http/route.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changeTemplate, type Decide } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import type { TemplateCaller } from './create.ts'

/** A change in somebody's name. */
export interface Work {
  deps: GatewayDeps
  by: TemplateCaller
}

/** Writes what `decide` makes of the row as it stands, and tells it. */
export async function write({ deps, by }: Work, template: TemplateDoc, decide: Decide): Promise<TemplateDoc> {
  const updatedBy = toId(callerOf(by).id)
  const change = await changeTemplate(deps.store, template, now => {
    const changes = decide(now)
    return changes && { ...changes, updatedBy }
  })
  if (change?.event) void deps.events.publish([change.event], by.traceparent)
  return change?.template ?? template
}

export const underWay = () =>
  new ApiError(409, 'TEMPLATE_IN_SUBMISSION', 'Whether WhatsApp has this template is not known yet: sync, or submit it again')
