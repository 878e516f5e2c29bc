import { expect, vi } from 'vitest'
import { recordItems } from '#services/ingest/recorder/record.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import type { FoldItem } from '#shared/fold/batch.ts'
import { messageEventId, parseWebhook } from '#shared/meta/webhook.ts'
import type { ConversationDoc, EventDoc, MessageDoc } from '#shared/model/documents.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { changeConversation } from '#shared/store/inbox/conversations.ts'
import { insertAccepted } from '#shared/store/inbox/message-inserts.ts'
import { readMessages } from '#shared/store/inbox/messages.ts'
import { migrate } from '#shared/store/migrate.ts'
import { clearProjected, findUnprojected } from '#shared/store/recording/projection-marks.ts'
import { LostRace } from '#shared/store/transaction.ts'
import { outboundIn } from '#test/support/outbound.ts'
import { test as base } from '#test/support/world.ts'
import { createFixtureWorld, deliveryOf } from '#test/support/worlds/fixtures.ts'
import { log } from '#test/support/worlds/ingest.ts'

const NUMBER = '1054543651068213'
const PEOPLE = ['212661000101', '212661000102', '212661000103']
const T0 = Math.floor(Date.now() / 1000) - 3600

const test = base.extend<{ store: Store }>({
  store: async ({ world }, use) => {
    await using store = await connectStore(world.mongodbUri)
    await migrate(store)
    await createFixtureWorld(store)
    await use(store)
  },
})

const webhookOf = (value: object) => ({
  entry: [{ id: '1', changes: [{ field: 'messages', value: { metadata: { phone_number_id: NUMBER }, ...value } }] }],
})
const itemsOf = (value: object): FoldItem[] => parseWebhook(webhookOf(value), new Date((T0 + 600) * 1000))
const saidIn = (person: string, n: number) => ({
  contacts: [{ wa_id: person, profile: { name: `Person ${person.slice(-1)}` } }],
  messages: [
    { from: person, id: `wamid.in.${person}.${n}`, timestamp: String(T0 + n), type: 'text', text: { body: `text ${n}` } },
  ],
})
const said = (person: string, n: number) => itemsOf(saidIn(person, n))
const reported = ({ wamid, contactKey }: MessageDoc, status: string, n: number) =>
  itemsOf({ statuses: [{ id: wamid, status, timestamp: String(T0 + n), recipient_id: contactKey }] })

/** The process that used the store has died: no statement of it begins any more. */
class Died extends Error {}

/** A store whose user dies before its statement number `count`; statements that run at that moment come to their end. */
function dyingStore(store: Store, count: number): Store {
  let left = count
  const raw = new Proxy(store.raw, {
    get: (collections, name: keyof Store['raw']) =>
      new Proxy(collections[name] as object, {
        get(collection, method) {
          const member = Reflect.get(collection, method)
          if (typeof member !== 'function') return member
          return (...args: unknown[]) => {
            if (left-- <= 0) throw new Died()
            return member.apply(collection, args)
          }
        },
      }),
  })
  return { ...store, raw } as Store
}

/** Records items as a recorder does that takes over from one that has died. */
async function recordAgain(store: Store, items: FoldItem[]): Promise<void> {
  for (;;) {
    try {
      const { projected } = await recordItems(store, items, { isSuspect: true })
      return await clearProjected(store, projected)
    } catch (error) {
      if (!(error instanceof LostRace)) throw error
    }
  }
}

const unprojected = async (store: Store): Promise<FoldItem[]> =>
  (await findUnprojected(store, new Date(Date.now() + 1000), 1000)).map(({ _id, tenantId }) => ({
    kind: 'projection',
    messageId: _id,
    tenantId,
  }))

/** A message of ours in each conversation, as the gateway leaves it. */
async function accept(store: Store, conversations: ConversationDoc[], n: number): Promise<MessageDoc[]> {
  const messages = conversations.map(conversation => ({
    ...outboundIn(conversation, `answer ${n}`),
    unprojectedSince: new Date(),
    isUncounted: true,
  }))
  await Promise.all(messages.map(message => insertAccepted(store, message)))
  return messages
}

/** Sets what the sender writes when Meta has accepted the messages. */
async function send(store: Store, messages: MessageDoc[], n: number): Promise<MessageDoc[]> {
  const sent = messages.map((message, i) => ({
    ...message,
    wamid: `wamid.out.${n}.${i}`,
    status: 'SENT' as const,
    dispatch: null,
  }))
  for (const { _id, tenantId, wamid, status, dispatch } of sent)
    await store.raw.messages.updateOne({ _id, tenantId }, { $set: { wamid, status, dispatch, unprojectedSince: new Date() } })
  return sent
}

/** What a user does who opens the conversations. */
async function readAll(store: Store, conversations: ConversationDoc[]): Promise<void> {
  for (const conversation of conversations)
    await store.transaction(async session => {
      const { shown } = await readMessages(store, conversation, null, new Date(), session)
      await changeConversation(store, conversation, shown, {}, session)
    })
}

/** Every message once, numbered without a gap, and each conversation as its rows say; each event once. */
async function expectWhole(store: Store, expected: { inbound: number; outbound: number }): Promise<void> {
  const messages = await store.raw.messages.find({}).toArray()
  const byDirection = Object.groupBy(messages, ({ direction }) => direction)
  expect(byDirection.INBOUND?.length ?? 0).toBe(expected.inbound)
  expect(byDirection.OUTBOUND?.length ?? 0).toBe(expected.outbound)
  for (const conversation of await store.raw.conversations.find({}).toArray()) {
    const own = messages.filter(({ conversationId }) => conversationId.equals(conversation._id))
    const inOrder = own.toSorted((a, b) => a.at.getTime() - b.at.getTime() || (String(a._id) < String(b._id) ? -1 : 1))
    expect(own.map(({ seq }) => seq).toSorted((a, b) => Number(a) - Number(b))).toEqual(own.map((_, i) => i + 1))
    expect(conversation).toMatchObject({
      messageCount: own.length,
      unreadCount: own.filter(({ status }) => status === 'RECEIVED').length,
      lastMessage: { messageId: inOrder.at(-1)?._id, status: inOrder.at(-1)?.status },
    })
  }
  const events = await store.raw.events.find({ name: 'message:received' }).toArray()
  const announced = events.map(({ payload }) => (payload as { message: { id: string } }).message.id)
  expect(announced.toSorted()).toEqual((byDirection.INBOUND ?? []).map(({ _id }) => String(_id)).toSorted())
  expect(await unprojected(store)).toEqual([])
}

test('[F2] a recorder that dies before any of its statements leaves nothing lost, doubled or uncounted', async ({ store }) => {
  let outbound = 0
  const rounds = 60
  for (let n = 0; n < rounds; n++) {
    const conversations = n === 0 ? [] : await store.raw.conversations.find({}).toArray()
    const accepted = await accept(store, conversations, n)
    const sent = n % 2 === 0 ? await send(store, accepted, n) : []
    outbound += accepted.length
    const items = [...PEOPLE.flatMap(person => said(person, n)), ...(await unprojected(store))]
    const statuses = sent.flatMap(message => [...reported(message, 'delivered', n), ...reported(message, 'read', n)])
    const batch = [...items, ...statuses]
    await recordItems(dyingStore(store, n % 16), batch, { isSuspect: n % 3 === 0 }).catch(error => {
      if (!(error instanceof Died)) throw error
    })
    // Some of it comes again in another batch than before, together with what came after it.
    await recordAgain(store, batch.slice(0, (n * 7) % batch.length))
    await recordAgain(store, batch)
  }
  await expectWhole(store, { inbound: rounds * PEOPLE.length, outbound })
})

test('[F2] two recorders of the same conversations, and a user who reads them, agree on every count', async ({ store }) => {
  await recordAgain(
    store,
    PEOPLE.flatMap(person => said(person, 0)),
  )
  const conversations = await store.raw.conversations.find({}).toArray()
  const rounds = 25
  for (let n = 1; n <= rounds; n++) {
    const sent = await send(store, await accept(store, conversations, n), n)
    const own = (await unprojected(store)).concat(sent.flatMap(message => reported(message, 'delivered', n)))
    const one = [...PEOPLE.flatMap(person => said(person, 2 * n)), ...own]
    const other = [...own, ...PEOPLE.flatMap(person => [...said(person, 2 * n + 1), ...said(person, 2 * n)])]
    const recording = [one, other, other.toReversed()].map(items => recordAgain(store, items))
    await Promise.all([...recording, readAll(store, conversations)])
  }
  await expectWhole(store, { inbound: (2 * rounds + 1) * PEOPLE.length, outbound: rounds * PEOPLE.length })
})

test('[F3] events that a recorder stored and did not publish go out before those of later messages', async ({ store }) => {
  const [person] = PEOPLE as [string]
  await recordAgain(store, said(person, 0))
  await recordItems(
    store,
    [1, 2].flatMap(n => said(person, n)),
    { isSuspect: false },
  )
  const published: string[] = []
  const events = { publish: async (rows: readonly EventDoc[]) => void published.push(...rows.map(({ _id }) => _id)) }
  const queue = { publish: async () => undefined } as never
  const record = createRecording({ store, log, queue, events: { ...events, settled: async () => undefined }, pace: newPace() })
  await record([1, 2, 3].map(n => ({ ...deliveryOf(webhookOf(saidIn(person, n))), redelivered: n < 3 })))
  const received = published.filter(id => id.startsWith('r:'))
  expect(received).toEqual([1, 2, 3].map(n => `r:${messageEventId(`wamid.in.${person}.${n}`)}`))
  const updates = published.filter(id => id.startsWith('u:'))
  const causes = [2, 3].map(n => messageEventId(`wamid.in.${person}.${n}`))
  expect(updates.map(id => id.replace(/^u:[0-9a-f]{24}:/, ''))).toEqual(causes)
})

test('events go out before the last step of their batch, once, and only with what they tell already stored', async ({
  store,
}) => {
  const [person] = PEOPLE as [string]
  await recordAgain(store, said(person, 0))
  const early: EventDoc[] = []
  const seen: Promise<unknown>[] = []
  const { events } = await recordItems(store, said(person, 1), {
    isSuspect: false,
    publishEarly(rows) {
      early.push(...rows)
      seen.push(store.raw.messages.findOne({ wamid: `wamid.in.${person}.1` }), store.raw.events.findOne({ _id: rows[0]?._id }))
    },
  })
  expect(early.map(({ _id }) => _id)).toContain(`r:${messageEventId(`wamid.in.${person}.1`)}`)
  expect(events).toEqual([])
  expect(await Promise.all(seen)).not.toContain(null)
})

test('events of a batch with copies do not go out early: those of the copies may have to go first', async ({ store }) => {
  const [person] = PEOPLE as [string]
  await recordAgain(store, said(person, 0))
  await recordItems(store, said(person, 1), { isSuspect: false })
  const publishEarly = vi.fn()
  const items = [...said(person, 1), ...said(person, 2)]
  const { events, outcomes } = await recordItems(store, items, { isSuspect: false, publishEarly })
  expect(outcomes).toEqual(['duplicate', 'processed'])
  expect(publishEarly).not.toHaveBeenCalled()
  expect(events.map(({ _id }) => _id)).toContain(`r:${messageEventId(`wamid.in.${person}.2`)}`)
})
