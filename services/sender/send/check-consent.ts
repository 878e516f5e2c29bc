import type { SendJob } from '#shared/contracts/send-job.ts'
import { isBlocked } from '#shared/domain/contacts/block.ts'
import { refusalOf, type SendRefusal } from '#shared/domain/messages/consent.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { findConsent } from '#shared/store/contacts/recipients.ts'
import { type Standing, templateKey } from '#shared/store/dispatch/standing.ts'
import { templateOf } from '#shared/store/dispatch/take.ts'
import { findSendableTemplate } from '#shared/store/templates/templates.ts'
import type { SendingNumber } from '../numbers.ts'

/** A decision by what the standing of the conversations says. `refusal` null: the message may go. */
export interface Judgement {
  refusal: SendRefusal | null
}

/**
 * Decides about a job by the people and templates that were read beside its conversation, so that it costs no command of its own.
 * @returns null when the row must be asked: the contact was merged into another one, or the job is of an older version
 */
export function judge(
  { tenantId, contactId, templateName, templateLanguage }: SendJob,
  wabaId: string,
  { people, templates }: Pick<Standing, 'people' | 'templates'>,
): Judgement | null {
  const person = contactId === null ? undefined : people.get(contactId)
  if (contactId === null || person?.isMerged) return null
  const isNamed = templateName !== null && templateLanguage !== null
  const template = isNamed ? (templates.get(templateKey(tenantId, wabaId, templateName, templateLanguage)) ?? null) : undefined
  return { refusal: refusalOf(person ?? null, template) }
}

/** The reason why a taken message must not be sent, null when it may, `later` when its rows could not be read. */
export type ConsentCheck = (
  message: MessageDoc,
  number: SendingNumber,
  judged: { job: SendJob; judgement: Judgement | null },
) => Promise<SendRefusal | 'later' | null>

/** Repeats the decision from the rows where the job named another person or template than the row that was taken. */
export function createConsentCheck(store: Store, log: Logger): ConsentCheck {
  async function fromRows(message: MessageDoc, wabaId: string): Promise<SendRefusal | null> {
    const { tenantId, contactId } = message
    const { templateName: name, templateLanguage: language } = templateOf(message)
    const isNamed = name !== null && language !== null
    const contact = await findConsent(store, tenantId, contactId)
    const person = contact && { optOut: contact.optOut, isBlocked: isBlocked(contact) }
    const template = isNamed ? await findSendableTemplate(store, { tenantId, wabaId, name, language }) : undefined
    return refusalOf(person, template)
  }

  return async (message, { client }, { job, judgement }) => {
    if (judgement !== null && isAbout(job, message)) return judgement.refusal
    try {
      return await fromRows(message, client.wabaId)
    } catch (error) {
      log.warn({ err: error, messageId: String(message._id) }, 'consent not checked')
      return 'later'
    }
  }
}

/** Whether a job names the person and the template of the row. A row may have fallen back to its template meanwhile. */
function isAbout(job: SendJob, message: MessageDoc): boolean {
  const { templateName, templateLanguage } = templateOf(message)
  const isSameTemplate = job.templateName === templateName && job.templateLanguage === templateLanguage
  return isSameTemplate && job.contactId === String(message.contactId)
}
