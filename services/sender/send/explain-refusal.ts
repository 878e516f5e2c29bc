import { needsWindow } from '#shared/domain/messages/direct-send.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import type { ThreadOwner } from '#shared/model/documents.ts'
import type { Settlement } from '#shared/store/dispatch/outcome-writes.ts'

/** Meta's code for a wrong parameter, which says nothing about the cause. */
const INVALID_PARAMETER = 100

/**
 * Tells why WhatsApp refused a free-form message to a customer whom another app of the business answers. Meta refuses everybody but
 * the owner of the thread and documents no code for it, so a refusal that names no cause of its own is explained by the owner.
 */
export function explainRefusal(settlement: Settlement, otherOwner: ThreadOwner | null): Settlement {
  const { message, step } = settlement
  if (otherOwner === null || step.kind !== 'failed' || step.error.source !== 'meta' || !needsWindow(message)) return settlement
  const { code, title, detail } = step.error
  if (code !== INVALID_PARAMETER && describeError({ code, title, detail }).known) return settlement
  const by = otherOwner.role === null ? '' : ` (${otherOwner.role})`
  const sentence = `Another app of the business${by} answers this customer at present, and WhatsApp takes free-form messages from it alone.`
  return { ...settlement, step: { ...step, error: { ...step.error, sentence, nextStep: NEXT_STEP } } }
}

const NEXT_STEP =
  'Wait until that app hands the conversation over or the customer has been silent for 24 hours, or send a template.'
