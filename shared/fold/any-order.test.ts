import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryWorld } from '#test/support/worlds/memory.ts'
import { itemsOf, stamp, T0, textFrom } from '#test/support/worlds/webhooks.ts'
import type { WebhookItem } from '../meta/webhook.ts'

/**
 * What webhooks leave in a conversation does not depend on their order, on how they are split into batches, or on copies. They
 * carry few seconds here, so that many carry the same one.
 */

const salma = { from: '212661000101', from_user_id: 'MA.1' }
const PHONE = '212661000101'
const to = { from: '212600111222', to: PHONE }

const KINDS: Record<string, (id: string, second: number) => WebhookItem[]> = {
  message: (id, second) => itemsOf('messages', { messages: [textFrom(salma, id, second)] }),
  copy: (id, second) => itemsOf('standby', { standby: { messages: [textFrom(salma, id, second)] } }),
  'answer of another app': (id, second) =>
    itemsOf('standby', {
      standby: { message_echoes: [{ id, timestamp: stamp(second), message: { to: PHONE, type: 'text', text: { body: id } } }] },
    }),
  'answer on the phone': (id, second) => itemsOf('smb_message_echoes', { message_echoes: [textFrom(to, id, second)] }),
  'ringing call': (_, second) => call(second, { event: 'connect', direction: 'USER_INITIATED' }),
  'ended call': (_, second) => call(second, { event: 'terminate', direction: 'USER_INITIATED', status: 'COMPLETED' }),
  'message of WhatsApp': (id, second) =>
    itemsOf('messages', {
      messages: [
        { from: PHONE, id, timestamp: stamp(second), type: 'system', system: { type: 'customer_identity_changed', body: id } },
      ],
    }),
  'control taken': (id, second) => handover('control_taken', second, { new_owner_role: id }),
  'control passed': (id, second) => handover('control_passed', second, { new_owner_role: id }),
  stop: (_, second) => preference(2 * second, 'stop'),
  resume: (_, second) => preference(2 * second + 1, 'resume'),
}

const call = (second: number, event: object) =>
  itemsOf('calls', {
    calls: [{ id: 'wacid.1', from: PHONE, from_user_id: 'MA.1', to: '212600111222', timestamp: stamp(second), ...event }],
  })

const handover = (type: string, second: number, details: object) =>
  itemsOf('messaging_handovers', {
    recipient: { phone_number_id: '1054543651068213' },
    sender: { phone_number: PHONE },
    type,
    timestamp: stamp(second),
    [type]: details,
  })

const preference = (second: number, value: string) =>
  itemsOf('user_preferences', {
    user_preferences: [{ wa_id: PHONE, category: 'marketing_messages', value, timestamp: Number(stamp(second)) }],
  })

interface Fact {
  kind: string
  second: number
  /** How long it took to arrive, if it has an id of its own: of two equal events the first one is kept. */
  delayMs: number
}

const someFacts: fc.Arbitrary<Fact[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...Object.keys(KINDS)), second: fc.integer({ min: 0, max: 5 }), delayMs: fc.nat(4000) }),
  { minLength: 1, maxLength: 9 },
)

/** Places of the facts in another order, some of them twice, each with the size of the batch that it may begin. */
const otherOrder = ({ length }: Fact[]) =>
  fc
    .subarray([...Array(length).keys()])
    .chain(again =>
      fc.shuffledSubarray([...Array(length).keys(), ...again], {
        minLength: length + again.length,
        maxLength: length + again.length,
      }),
    )
    .chain(order =>
      fc.tuple(...order.map(place => fc.record({ place: fc.constant(place), size: fc.integer({ min: 1, max: 4 }) }))),
    )

function itemsOfFacts(facts: Fact[]): WebhookItem[] {
  return facts.flatMap(({ kind, second, delayMs }, i) =>
    (KINDS[kind]?.(`wamid.${i}`, second) ?? []).map(item => ({
      ...item,
      receivedAt: new Date((T0 + second) * 1000 + (kind.endsWith('call') ? 0 : delayMs)),
    })),
  )
}

function inBatches(items: WebhookItem[], order: { place: number; size: number }[]): WebhookItem[][] {
  const left = order.map(({ place }) => items[place] as WebhookItem)
  return order.map(({ size }) => left.splice(0, size)).filter(batch => batch.length > 0)
}

function leftBy(batches: WebhookItem[][]) {
  const { record, rows } = createMemoryWorld()
  for (const batch of batches) record(batch)
  const nameOf = (id: unknown) => {
    const message = rows.messages.find(({ _id }) => String(_id) === String(id))
    return message?.wamid ?? message?.type
  }
  const [contact] = rows.contacts.filter(({ deletedAt }) => !deletedAt)
  const conversations = rows.conversations.filter(({ deletedAt }) => !deletedAt)
  // Messages of one second stand in the thread as they came, and the list shows the last one of the thread.
  const thread = rows.messages.toSorted((a, b) => +a.at - +b.at || (String(a._id) < String(b._id) ? -1 : 1))
  const inbound = thread.filter(({ direction, type }) => direction === 'INBOUND' && type === 'text')
  for (const { lastInboundWamid } of conversations) expect(lastInboundWamid).toBe(inbound.at(-1)?.wamid ?? null)
  for (const { lastMessage } of conversations) {
    const [shown] = thread.filter(({ type }) => type !== 'system' && type !== 'handover' && type !== 'call').slice(-1)
    if (shown && lastMessage?.type !== 'call') expect(lastMessage?.messageId).toEqual(shown._id)
  }
  return {
    contact: contact && [contact.waId, contact.userId, contact.optOut, contact.optOutAt, contact.optOutSource],
    messages: rows.messages
      .map(({ wamid, type, at, status, content, isOfOtherApp }) => ({ wamid, type, at, status, content, isOfOtherApp }))
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    conversations: conversations.map(conversation => ({
      messageCount: conversation.messageCount,
      unreadCount: conversation.unreadCount,
      lastAt: conversation.lastMessage?.at,
      lastActivityAt: conversation.lastActivityAt,
      lastInboundAt: conversation.lastInboundAt,
      windowExpiresAt: conversation.windowExpiresAt,
      threadOwner: conversation.threadOwner,
      waitingSince: conversation.waitingSince ?? null,
      unanswered: conversation.unanswered?.map(({ id, at, arrivedAt }) => [nameOf(id), at, arrivedAt]).toSorted() ?? [],
      attendedAt: conversation.attendedAt ?? null,
      answeredElsewhereAt: conversation.answeredElsewhereAt ?? null,
      optOut: conversation.contact.optOut,
    })),
  }
}

test('[P3] a conversation is the same after any order, split and number of copies of its webhooks', () => {
  fc.assert(
    fc.property(
      someFacts.chain(facts => fc.tuple(fc.constant(facts), otherOrder(facts))),
      ([facts, order]) => {
        const items = itemsOfFacts(facts)
        expect(leftBy(inBatches(items, order))).toEqual(leftBy(items.map(item => [item])))
      },
    ),
    { numRuns: 300 },
  )
}, 120_000)
