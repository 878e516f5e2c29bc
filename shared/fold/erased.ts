import { type ItemTimes, isBeforeErasure } from '../domain/contacts/erasure.ts'
import { phoneVariants } from '../domain/contacts/phone-variants.ts'
import { isObject, type Json, text } from '../meta/json.ts'
import type { Person } from '../meta/people.ts'
import { newKeysOf } from '../meta/people.ts'
import type { EchoItem, MessageItem, StatusItem } from '../meta/webhook.ts'
import type { ErasedMark, Id, MessageDoc } from '../model/documents.ts'
import { ERASED_REASON, erasedFields } from '../model/erased-message.ts'
import { change, erasedKey, messageByWamid, type State, type Tracked } from './state.ts'
import type { Verdict } from './verdict.ts'

/**
 * What was on its way when a person was erased: it has no effect, and neither its payload nor the person's keys are stored. Who
 * writes after the erasure is somebody new.
 */

/** An item without effect, whose payload is not stored. */
export const ERASED: Verdict = { outcome: 'ignored', reason: ERASED_REASON, hidesPayload: true }

type Keys = Pick<Person, 'waId' | 'userId'>

function erasuresOf(state: State, tenantId: Id, { waId, userId }: Keys): Date[] {
  if (state.erased.size === 0) return []
  const keys = [...(waId === null ? [] : phoneVariants(waId)), ...(userId === null ? [] : [userId])]
  return keys.flatMap(key => state.erased.get(erasedKey(tenantId, key)) ?? [])
}

/** Keys in a message of WhatsApp about a person's new number or user id. */
export function systemKeysOf({ system }: Json): Keys[] {
  if (!isObject(system)) return []
  return [newKeysOf(system), { waId: null, userId: text(system.previous_user_id) }]
}

/** Whether a message or echo is from before the erasure of somebody whom it would make known. */
export const isMessageOfErased = (state: State, tenantId: Id, item: MessageItem | EchoItem): boolean =>
  [item.person, ...systemKeysOf(item.message)].some(person => isOfErased(state, tenantId, person, item))

/** Whether an item about a person is from before the person's erasure. */
export const isOfErased = (state: State, tenantId: Id, person: Keys, times: ItemTimes): boolean =>
  erasuresOf(state, tenantId, person).some(erasedAt => isBeforeErasure(times, erasedAt))

/** Whether a message is of an erased person, also one that is still to be emptied. */
export const isErasedMessage = (state: State, { erasedAt, conversationId }: MessageDoc): boolean =>
  Boolean(erasedAt) || markOf(state, conversationId) !== null

/** Whether a status of an unknown message is of a person who was erased: its message is not found because it was emptied. */
export const isOfErasedMessage = (state: State, tenantId: Id, { person }: StatusItem): boolean =>
  erasuresOf(state, tenantId, person).length > 0

export function markOf(state: State, conversationId: Id): ErasedMark | null {
  return state.conversations.get(String(conversationId))?.doc.erased ?? null
}

/** Removes a message that a try of this very item has stored meanwhile. Such a message is found by a thorough load only. */
export function eraseStored(state: State, tenantId: Id, wamid: string, now: Date): Verdict {
  const stored = messageByWamid(state, tenantId, wamid)
  const mark = stored && markOf(state, stored.doc.conversationId)
  if (stored && mark) eraseMessage(stored, mark, now)
  if (!stored && !state.isThorough) state.needsThorough = true
  return ERASED
}

/** Empties a message that came into an erased conversation. */
export function eraseMessage(message: Tracked<MessageDoc>, mark: ErasedMark, now: Date): void {
  if (!message.doc.erasedAt) change(message, erasedFields(message.doc, mark, now))
}
