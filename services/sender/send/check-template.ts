import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import type { SendingNumber } from '../numbers.ts'

/** Why a template may not go out any more; `later`: that could not be asked. */
export type TemplateCheck = (
  message: MessageDoc,
  number: SendingNumber,
) => Promise<'template-unavailable' | 'opted-out' | 'later' | null>

/**
 * What was judged when the message was accepted is judged again where days may lie between: for messages with a time of their
 * own, and for templates that go instead. All others go out at once, and Meta judges them.
 */
export function createTemplateCheck(store: Store, log: Logger): TemplateCheck {
  async function checkOne({ tenantId, content, contactId }: MessageDoc, wabaId: string) {
    const { name = '', language = '' } = content.template ?? {}
    const template = await store.models.templates.findOne({ tenantId, wabaId, name, language, deletedAt: null }).lean()
    if (template?.status !== 'APPROVED') return 'template-unavailable'
    if (template.category !== 'MARKETING') return null
    const contact = await store.models.contacts.findOne({ tenantId, _id: contactId }, { optOut: 1 }).lean()
    return contact?.optOut ? 'opted-out' : null
  }

  return async (message, { client }) => {
    const isDelayed = message.sendAt !== null || message.fallback?.usedAt != null
    if (message.type !== 'template' || !isDelayed) return null
    try {
      return await checkOne(message, client.wabaId)
    } catch (error) {
      log.warn({ err: error, messageId: String(message._id) }, 'template not checked: it waits')
      return 'later'
    }
  }
}
