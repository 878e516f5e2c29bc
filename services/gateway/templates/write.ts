import { ApiError } from '#shared/domain/errors.ts'
import { callerOf } from '#shared/http/route.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import { changeTemplate, type Decide, type TemplateChange } from '#shared/store/templates/templates.ts'
import type { Alongside } from '#shared/store/transaction.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import type { TemplateCaller } from './create.ts'

/** Dependencies of a change, its caller, and the action that the audit log names. */
export interface Work {
  deps: GatewayDeps
  by: TemplateCaller
  action: 'templates.update' | 'templates.delete'
}

/**
 * Writes the fields that `decide` derives from the current row, with an audit entry, and emits the change; returns the row after
 * it.
 */
export async function write(work: Work, template: TemplateDoc, decide: Decide): Promise<TemplateDoc> {
  const { deps, by } = work
  const updatedBy = toId(callerOf(by).id)
  const change = await changeTemplate(
    deps.store,
    template,
    now => {
      const changes = decide(now)
      return changes && { ...changes, updatedBy }
    },
    { alongside: changeEntry(work) },
  )
  if (change?.event) void deps.events.publish([change.event], by.traceparent)
  return change?.template ?? template
}

/** The audit entry of a change, for the transaction that makes it. */
export const changeEntry = ({ deps, by, action }: Work): Alongside<TemplateChange> =>
  audited(by, deps, ({ before, template }) => ({
    action,
    object: { kind: 'template', id: String(template._id) },
    changes: changesOf(before, template, [
      'status',
      'category',
      'components',
      'variables',
      'messageSendTtlSeconds',
      'metaTemplateId',
    ]),
  }))

/** Error for a template whose submission has an unknown outcome. */
export const underWay = () =>
  new ApiError(
    409,
    'TEMPLATE_IN_SUBMISSION',
    'It is not known yet whether WhatsApp has this template. Run a sync or submit it again.',
  )
