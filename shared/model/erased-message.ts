import { ENDED } from '../domain/messages/dispatch.ts'
import { platformError } from '../domain/messages/send-errors.ts'
import { rowProblem } from '../domain/row-problems.ts'
import type { ErasedMark, MessageContent, MessageDoc } from './documents.ts'
import { bareEntry } from './timeline.ts'

/** Reason of an item without effect because its person was erased. */
export const ERASED_REASON = 'the contact was erased'
/** What stands in the place of the payload of such an item. */
export const ERASED_PAYLOAD = { erased: true } as const

/** What the row of an audience says in the place of a person who was erased. */
export const ERASED = rowProblem('contact-erased')
export const ERASED_DETAIL = ERASED.text

export const isErasedPayload = (payload: Record<string, unknown>): boolean => payload.erased === true

export const EMPTY_CONTENT: MessageContent = { text: null, media: null, template: null, data: null }

/** What a message of an erased person holds in the fields that are the same for every one. A wamid encodes the phone number. */
export const emptiedFields = ({ pseudonym }: Pick<ErasedMark, 'pseudonym'>) => ({
  content: EMPTY_CONTENT,
  payload: null,
  fallback: null,
  contactKey: pseudonym,
  wamid: null,
  previousIds: [],
  replyTo: null,
  author: null,
  reactions: [],
  referral: null,
})

/**
 * Fields of a message without what its person said, read or is called by. Sender, times, status and cost stay for the statistics.
 * One that was still to be sent is cancelled.
 */
export function erasedFields(message: MessageDoc, mark: ErasedMark, now: Date): Partial<MessageDoc> {
  const isUnfinished = Boolean(message.dispatch)
  return {
    ...emptiedFields(mark),
    // That of a campaign names its row in the audience, any other may hold what its caller likes.
    ...(message.campaignId === null && { idempotencyKey: null }),
    error: message.error && { ...message.error, detail: null },
    timeline: message.timeline.map(bareEntry),
    erasedAt: now,
    ...(isUnfinished && {
      status: 'FAILED',
      statusUpdatedAt: now,
      error: platformError('cancelled'),
      dispatch: ENDED,
    }),
  }
}
