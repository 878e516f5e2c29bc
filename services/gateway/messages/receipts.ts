import { randomUUID } from 'node:crypto'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { Receipt } from '#shared/contracts/receipt.ts'
import type { ConversationDoc } from '#shared/model/documents.ts'
import { isReadOnly } from '#shared/model/new-rows.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import type { GatewayDeps } from '../deps.ts'

/** Interval of typing indicators: Meta shows one for 25 s, or until a message comes. */
const TYPING_EVERY_MS = 20_000
/** Oldest message that gets a receipt. */
const MOST_AGE_MS = 30 * 24 * 60 * 60 * 1000

type Deps = Pick<GatewayDeps, 'store' | 'queue' | 'redis' | 'log' | 'now'>

/**
 * Publishes a read receipt for the customer's last message, unless the tenant has switched receipts off. Does not wait for the
 * broker.
 */
export async function sendReadReceipt(deps: Deps, conversation: ConversationDoc, traceparent: string): Promise<void> {
  if (await mayReport(deps, conversation)) publish(deps, conversation, false, traceparent)
}

/**
 * Publishes "… is typing" for the customer's phone. Meta offers it only together with the read receipt, so a tenant without
 * receipts sends neither. @returns whether the customer sees it now, by this call or by one shortly before
 */
export async function sendTyping(deps: Deps, conversation: ConversationDoc, traceparent: string): Promise<boolean> {
  if (!(await mayReport(deps, conversation))) return false
  if (await isFirst(deps, String(conversation._id))) publish(deps, conversation, true, traceparent)
  return true
}

/** Groups take neither receipts nor typing indicators. */
async function mayReport({ store, now }: Deps, conversation: ConversationDoc): Promise<boolean> {
  const { tenantId, lastInboundWamid, lastInboundAt } = conversation
  if (isReadOnly(conversation)) return false
  if (lastInboundWamid === null || (lastInboundAt && now().getTime() - lastInboundAt.getTime() > MOST_AGE_MS)) return false
  return (await getCachedTenant(store, tenantId)).settings.sendReadReceipts !== false
}

/** Conversations that show typing now; decides alone while Redis is down. */
const typing = new TtlCache<string, true>(10_000)

/** Whether no indicator was published for the conversation within the interval, by any user or process. */
async function isFirst({ store, redis }: Deps, conversationId: string): Promise<boolean> {
  const key = `linko:${store.connection.name}:typing:${conversationId}`
  if (typing.get(key)) return false
  typing.set(key, true, TYPING_EVERY_MS)
  return (await redis.set(key, '1', 'PX', TYPING_EVERY_MS, 'NX').catch(() => 'OK')) === 'OK'
}

function publish({ queue, log, now }: Deps, conversation: ConversationDoc, isTyping: boolean, traceparent: string): void {
  const { tenantId, phoneNumberId, lastInboundWamid } = conversation
  const body: Receipt = {
    v: 1,
    tenantId: String(tenantId),
    phoneNumberId,
    wamid: lastInboundWamid ?? '',
    isTyping,
    at: now().toISOString(),
  }
  queue
    .publish({
      exchange: EXCHANGES.send,
      routingKey: 'receipt',
      type: MESSAGE_TYPE.receipt,
      body,
      messageId: `receipt:${randomUUID()}`,
      tenantId: body.tenantId,
      traceparent,
    })
    .catch(error => log.info({ err: error }, 'receipt not published'))
}
