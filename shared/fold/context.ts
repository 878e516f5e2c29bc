import { isObject, text } from '../meta/json.ts'
import type { WebhookItem } from '../meta/webhook.ts'
import type { ClientDoc, Id, PipelineDoc, TenantDoc } from '../model/documents.ts'

/** Whose numbers they are and how their tenants want it. Read before the transaction, at most seconds old. */
export interface ReferenceData {
  /** By phone number id. */
  clients: Map<string, ClientDoc>
  /** By WhatsApp business account: one of its numbers. */
  accounts: Map<string, ClientDoc[]>
  /** By id in hex. */
  tenants: Map<string, TenantDoc>
  pipelines: Map<string, PipelineDoc>
  newId(): Id
}

/** What a fold knows beside the batch. */
export interface FoldContext extends ReferenceData {
  now: Date
}

/** The numbers that an item is about: the one it names, else all of its business account; none when nobody owns them. */
export function clientsOf(context: ReferenceData, item: WebhookItem): ClientDoc[] {
  const client = item.phoneNumberId === null ? undefined : context.clients.get(item.phoneNumberId)
  if (item.phoneNumberId !== null) return client ? [client] : []
  const wabaId = wabaOf(item)
  return (wabaId === null ? undefined : context.accounts.get(wabaId)) ?? []
}

/** Events about partners come under the partner's own id and name the account inside. */
export function wabaOf(item: WebhookItem): string | null {
  const info = item.kind === 'account' && isObject(item.value.waba_info) ? text(item.value.waba_info.waba_id) : null
  return info ?? item.wabaId
}
