import { isObject, type Json, listOf } from './json.ts'
import { keysOf, keysOfReceiver, keysOfRecipient, keysOfSender, type NamedKeys } from './people.ts'

/** Where the items of a change stand, and whom each of them names. */

export const LISTS = ['messages', 'message_echoes', 'calls', 'statuses'] as const
export type List = (typeof LISTS)[number]

/** Fields that are not used here. */
const UNUSED = new Set(['flows'])

/** Whether a field is one item as a whole: its lists are not messages of ours. */
export const isWhole = (field: unknown): boolean =>
  typeof field === 'string' && (field === 'history' || UNUSED.has(field) || field.startsWith('group_'))

/** Lists of a field; under any other field the content of its value decides. */
const OF_FIELD: Record<string, readonly List[]> = { calls: ['calls', 'statuses'], message_echoes: ['message_echoes'] }

/** Lists that a change may have under its field. */
export const listsOf = (field: unknown): readonly List[] =>
  typeof field === 'string' && Object.hasOwn(OF_FIELD, field) ? (OF_FIELD[field] as readonly List[]) : LISTS

/**
 * The object that holds the lists of a value, and the value with another one in its place. Copies of what another app receives and
 * sends stand one level deeper, under `standby`.
 */
export function holderOf(field: unknown, value: Json): { holder: Json; within(own: Json): Json } {
  const { standby } = value
  if (field === 'standby' && isObject(standby)) return { holder: standby, within: own => ({ ...value, standby: own }) }
  return { holder: value, within: own => own }
}

/**
 * The message in an echo. That of an app is the body of its send, in an object of its own beside the definition of a template; that
 * of a phone is the echo itself.
 */
export function echoOf(echo: Json): Json {
  const { message, template, ...outer } = echo
  return isObject(message) ? { ...message, ...outer, ...(isObject(template) && { template_definition: template }) } : echo
}

/** The customer in a call: the one who calls, or whom the business calls. */
export function keysInCall(call: Json, ownNumber: string | null): NamedKeys {
  const [caller, called] = [keysOfSender(call), keysOfReceiver(call)]
  const isOurs = ({ waId }: NamedKeys) => waId !== null && waId === ownNumber
  // One of Meta's examples exchanges the two: our own number is never the customer.
  const [first, second] = call.direction === 'BUSINESS_INITIATED' ? [called, caller] : [caller, called]
  return isOurs(first) && !isOurs(second) ? second : first
}

/** Whether a status is about a message that was sent to a group: each member has statuses of their own. */
export const isOfGroup = (status: Json): boolean =>
  status.recipient_type === 'group' || PARTICIPANT.some(name => status[name] != null)

/** Both spellings of Meta's examples. */
const PARTICIPANT = ['recipient_participant_id', 'participant_recipient_id', 'recipient_participant_user_id']

/** The member of a group whom a status is about. */
export const keysOfParticipant = (status: Json): NamedKeys =>
  keysOf(
    status.recipient_participant_id ?? status.participant_recipient_id,
    status.recipient_participant_user_id,
    status.recipient_participant_parent_user_id,
  )

/** The person whom an item of a list names. */
export function keysIn(list: List, item: Json, ownNumber: string | null): NamedKeys {
  switch (list) {
    case 'messages':
      return keysOfSender(item)
    case 'message_echoes':
      return keysOfReceiver(echoOf(item))
    case 'calls':
      return keysInCall(item, ownNumber)
    case 'statuses':
      return isOfGroup(item) ? keysOfParticipant(item) : keysOfRecipient(item)
  }
}

/** Everybody whom the items of a value name, one for each item. */
export const peopleIn = (field: unknown, holder: Json, ownNumber: string | null): NamedKeys[] =>
  listsOf(field).flatMap(list => listOf(holder[list]).flatMap(item => (isObject(item) ? [keysIn(list, item, ownNumber)] : [])))
