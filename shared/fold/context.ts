import { isObject, text } from '../meta/json.ts'
import type { WebhookItem } from '../meta/webhook.ts'
import type { ClientDoc, Id, PipelineDoc, TenantDoc } from '../model/documents.ts'

/** Numbers, tenants and pipelines that a batch refers to. Read before the transaction, at most seconds old. */
export interface ReferenceData {
  /** Numbers by phone number id. */
  clients: Map<string, ClientDoc>
  /** Numbers by WhatsApp Business Account id. */
  accounts: Map<string, ClientDoc[]>
  /** Tenants by id in hex. */
  tenants: Map<string, TenantDoc>
  pipelines: Map<string, PipelineDoc>
  newId(): Id
}

/** Context of a fold besides the batch. */
export interface FoldContext extends ReferenceData {
  now: Date
}

/** Numbers that an item is about: the one it names, otherwise all of its business account; empty when no tenant owns them. */
export function clientsOf(context: ReferenceData, item: WebhookItem): ClientDoc[] {
  const client = item.phoneNumberId === null ? undefined : context.clients.get(item.phoneNumberId)
  if (item.phoneNumberId !== null) return client ? [client] : []
  const wabaId = wabaOf(item)
  return (wabaId === null ? undefined : context.accounts.get(wabaId)) ?? []
}

/** Business account of an item. Events about partners have the partner's id and name the account in the value. */
export function wabaOf(item: WebhookItem): string | null {
  const info = item.kind === 'account' && isObject(item.value.waba_info) ? text(item.value.waba_info.waba_id) : null
  return info ?? item.wabaId
}
