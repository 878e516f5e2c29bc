import { Receipt } from '#shared/contracts/receipt.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import type { GraphResult, MetaClient } from '#shared/meta/client.ts'
import type { Logger } from '#shared/process/logger.ts'
import { receiptsSent } from '#shared/process/metrics.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import { type Delivery, DONE, type Handler, type Outcome } from '#shared/queue/types.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import { type Numbers, ownNumber } from './numbers.ts'

export interface ReceiptDeps {
  numbers: Numbers
  meta: Pick<MetaClient, 'graph'>
  clock: ServerClock
  log: Logger
}

/** Meta shows a typing indicator for 25 s: one that is sent later than this would be wrong. */
const TYPING_MS = 15_000
const MAX_ATTEMPTS = 3
const CALL_MS = 10_000

/**
 * Sends read receipts and typing indicators to customers. They are not messages: no limit counts them, and one that Meta refuses
 * or whose number is paused is dropped. A read receipt is idempotent, so it is retried.
 */
export function createReceipts({ numbers, meta, clock, log }: ReceiptDeps): Handler {
  return async function sendReceipt(delivery: Delivery): Promise<Outcome> {
    const receipt = readMessage(Receipt, delivery)
    if (receipt === null || isLate(receipt, clock.now())) return DONE
    const { wamid, isTyping } = receipt
    const number = ownNumber(await numbers.find([receipt.phoneNumberId]), receipt)
    if (!number?.token) return DONE
    const { phoneNumberId } = number.client
    if (numbers.isHeld(phoneNumberId)) return DONE
    const body = {
      messaging_product: 'whatsapp',
      status: 'read',
      message_id: wamid,
      ...(isTyping && { typing_indicator: { type: 'text' } }),
    }
    const path = `${encodeURIComponent(phoneNumberId)}/messages`
    const result = await meta.graph.post(path, { token: number.token, body, timeoutMs: CALL_MS })
    receiptsSent.inc({ kind: isTyping ? 'typing' : 'read', outcome: result.kind })
    if (result.kind !== 'ok') log.debug({ tenantId: receipt.tenantId, outcome: result.kind }, 'receipt not sent')
    const isRetried = !isTyping && delivery.attempt < MAX_ATTEMPTS && mayRetry(result)
    return isRetried ? { kind: 'retry', error: new Error(`receipt: ${result.kind}`) } : DONE
  }
}

const isLate = ({ isTyping, at }: Receipt, now: Date) => isTyping && now.getTime() - Date.parse(at) > TYPING_MS

function mayRetry(result: GraphResult): boolean {
  if (result.kind !== 'refused') return result.kind !== 'ok'
  return ['RETRY', 'RETRY_LATER'].includes(describeError(result.error).class)
}
