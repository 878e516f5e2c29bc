import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { hasOptedOut } from '#shared/store/contacts/recipients.ts'
import { findSendableTemplate } from '#shared/store/templates/templates.ts'
import type { SendingNumber } from '../numbers.ts'

/** The reason why a template may no longer be sent, null when it may, `later` when the check itself failed. */
export type TemplateCheck = (
  message: MessageDoc,
  number: SendingNumber,
) => Promise<'template-unavailable' | 'opted-out' | 'later' | null>

/**
 * Repeats the checks of the acceptance for messages that may be sent days later: scheduled messages and fallback templates. All
 * others are sent at once, and Meta checks them.
 */
export function createTemplateCheck(store: Store, log: Logger): TemplateCheck {
  async function checkOne({ tenantId, content, contactId }: MessageDoc, wabaId: string) {
    const { name = '', language = '' } = content.template ?? {}
    const template = await findSendableTemplate(store, { tenantId, wabaId, name, language })
    if (template?.status !== 'APPROVED') return 'template-unavailable'
    if (template.category !== 'MARKETING') return null
    return (await hasOptedOut(store, tenantId, contactId)) ? 'opted-out' : null
  }

  return async (message, { client }) => {
    const isDelayed = message.sendAt !== null || message.fallback?.usedAt != null
    if (message.type !== 'template' || !isDelayed) return null
    try {
      return await checkOne(message, client.wabaId)
    } catch (error) {
      log.warn({ err: error, messageId: String(message._id) }, 'template not checked')
      return 'later'
    }
  }
}
