import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isObject } from '#shared/meta/json.ts'
import { parseWebhook, type WebhookItem } from '#shared/meta/webhook.ts'
import { createMemoryWorld, PHONE_NUMBER_ID } from '#test/support/worlds/memory.ts'
import { splitBody } from './split.ts'

const ARRIVAL = new Date('2026-11-20T10:00:00Z')

/** A person as Meta may show them: the number is hidden from some, and the user id is left out by old shapes. */
interface Somebody {
  n: number
  shows: 'phone' | 'userId' | 'both'
}
const phoneOf = ({ n }: Somebody) => `21266100${String(1000 + n)}`
const userIdOf = ({ n }: Somebody) => `MA.${n}`
const nameOf = ({ n }: Somebody) => `Person ${n}`
const hasPhone = ({ shows }: Somebody) => shows !== 'userId'
const hasUserId = ({ shows }: Somebody) => shows !== 'phone'

type Kind = 'messages' | 'message_echoes' | 'statuses' | 'calls'
const FIELDS: Record<Kind, [phone: string, userId: string]> = {
  messages: ['from', 'from_user_id'],
  message_echoes: ['to', 'to_user_id'],
  statuses: ['recipient_id', 'recipient_user_id'],
  calls: ['from', 'from_user_id'],
}

/** An item says of whom it is by its id, so that the test can tell. */
function itemOf(kind: Kind, who: Somebody, i: number): object {
  const [phone, userId] = FIELDS[kind]
  const keys = { ...(hasPhone(who) && { [phone]: phoneOf(who) }), ...(hasUserId(who) && { [userId]: userIdOf(who) }) }
  const common = { id: `w.${kind}.${i}.${who.n}`, timestamp: String(1_795_165_200 + i), ...keys }
  if (kind === 'statuses') return { ...common, status: 'delivered' }
  if (kind === 'calls') return { ...common, event: 'terminate', direction: 'USER_INITIATED' }
  return { ...common, type: 'text', text: { body: `of ${who.n}` } }
}

const contactOf = (who: Somebody, shape: 'whole' | 'nameless' | 'anonymous') => ({
  ...(shape !== 'anonymous' && hasPhone(who) && { wa_id: phoneOf(who) }),
  ...(shape !== 'anonymous' && hasUserId(who) && { user_id: userIdOf(who) }),
  ...(shape !== 'nameless' && { profile: { name: nameOf(who) } }),
})

const somebody: fc.Arbitrary<Somebody[]> = fc
  .array(fc.constantFrom('phone', 'userId', 'both'), { minLength: 2, maxLength: 5 })
  .map(all => all.map((shows, n) => ({ n, shows }) as Somebody))

const values = somebody.chain(people =>
  fc.record({
    items: fc
      .array(fc.tuple(fc.constantFrom<Kind>('messages', 'message_echoes', 'statuses', 'calls'), fc.constantFrom(...people)), {
        minLength: 1,
        maxLength: 8,
      })
      .map(all => all.map(([kind, who], i) => ({ kind, item: itemOf(kind, who, i) }))),
    contacts: fc
      .shuffledSubarray(people)
      .chain(some =>
        fc.tuple(
          ...some.map(who => fc.constantFrom('whole', 'nameless', 'anonymous').map(shape => contactOf(who, shape as 'whole'))),
        ),
      ),
    people: fc.constant(people),
  }),
)

const bodyOf = ({ items, contacts }: { items: { kind: Kind; item: object }[]; contacts: object[] }) => {
  const lists = Object.groupBy(items, ({ kind }) => kind)
  const listed = Object.entries(lists).map(([kind, own]) => [kind, own?.map(({ item }) => item)])
  const value = { metadata: { phone_number_id: PHONE_NUMBER_ID }, contacts, ...Object.fromEntries(listed) }
  return { object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }
}

const partsOf = (body: object): WebhookItem[] =>
  splitBody(body as Record<string, unknown>, Buffer.from(JSON.stringify(body))).flatMap(({ body: part }) =>
    parseWebhook(Buffer.isBuffer(part) ? JSON.parse(part.toString()) : part, ARRIVAL),
  )

const idOf = (item: WebhookItem): string => ('wamid' in item ? item.wamid : item.kind === 'call' ? item.callId : '')

test('mixed people in one value, in any order and split, each keep their own keys and names', () => {
  fc.assert(
    fc.property(values, value => {
      const items = partsOf(bodyOf(value))
      expect(items.map(idOf).toSorted()).toEqual(value.items.map(({ item }) => (item as { id: string }).id).toSorted())
      const names = new Set(value.items.map(({ item }) => (item as { id: string }).id.split('.').at(-1)))
      const isMixed = names.size > 1
      for (const item of items) {
        if (!('person' in item)) throw new Error('an item without a person')
        const who = value.people[Number(idOf(item).split('.').at(-1))] as Somebody
        const { waId, userId, name } = item.person
        expect([null, phoneOf(who)]).toContain(waId)
        expect([null, userIdOf(who)]).toContain(userId)
        // A contact without an id may only be of somebody whom the whole value is about.
        if (isMixed) expect([null, nameOf(who)]).toContain(name)
        const isNamed = value.contacts.some(one => isObject(one) && isOf(one, who) && 'profile' in one)
        if (isNamed) expect(name).toBe(nameOf(who))
      }
    }),
    { numRuns: 300 },
  )
})

const isOf = (contact: Record<string, unknown>, who: Somebody) =>
  (hasPhone(who) && contact.wa_id === phoneOf(who)) || (hasUserId(who) && contact.user_id === userIdOf(who))

test('mixed people in one value, recorded in any order, are as many threads, each with its own messages', () => {
  fc.assert(
    fc.property(values, fc.infiniteStream(fc.boolean()), (value, cuts) => {
      const world = createMemoryWorld()
      let batch: WebhookItem[] = []
      for (const item of partsOf(bodyOf(value))) {
        batch.push(item)
        if (cuts.next().value) world.record(batch.splice(0))
      }
      if (batch.length > 0) world.record(batch)
      batch = []
      const { conversations, messages, contacts } = world.rows
      for (const conversation of conversations) {
        const own = messages.filter(message => message.conversationId.equals(conversation._id))
        const writers = new Set(own.map(({ wamid }) => wamid?.split('.').at(-1)))
        expect(writers.size).toBe(1)
        const who = value.people[Number([...writers][0])] as Somebody
        expect([null, phoneOf(who)]).toContain(conversation.contact.waId)
        expect([null, userIdOf(who)]).toContain(conversation.contact.userId)
      }
      const alive = contacts.filter(({ deletedAt }) => !deletedAt)
      const writing = value.items.filter(({ kind }) => kind !== 'statuses')
      expect(alive.length).toBe(new Set(writing.map(({ item }) => (item as { id: string }).id.split('.').at(-1))).size)
    }),
    { numRuns: 100 },
  )
})
