import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { startDeadLetterConsumer } from '#services/ingest/recorder/dead-letters.ts'
import { createRecording, newPace, type RecorderDeps } from '#services/ingest/recorder/recorder.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { Outage } from '#shared/domain/errors.ts'
import { isObject } from '#shared/meta/json.ts'
import { messageEventId, parseWebhook } from '#shared/meta/webhook.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import { ROOT } from '#shared/process/config.ts'
import { webhookProcessed, webhookUnknownNumber } from '#shared/process/metrics.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { EXCHANGES, QUEUES } from '#shared/queue/topology.ts'
import { connectStore } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { untilPasses } from '#test/support/until.ts'
import { test as base } from '#test/support/world.ts'
import {
  ARRIVAL,
  createFixtureWorld,
  deliveryOf,
  describeStore,
  type FixtureWorld,
  readFixture,
  readSequence,
} from '#test/support/worlds/fixtures.ts'
import { log } from '#test/support/worlds/ingest.ts'
import { seeded } from '#test/system/kill/random.ts'

const EXPECTED: Record<string, string[]> = JSON.parse(
  readFileSync(path.join(ROOT, 'test/fixtures/webhooks-expected.json'), 'utf8'),
)
const SEQUENCES_EXPECTED: Record<string, string[]> = JSON.parse(
  readFileSync(path.join(ROOT, 'test/fixtures/webhook-sequences-expected.json'), 'utf8'),
)
const A = '1054543651068213'
/** The two numbers of its tenant. */
const OURS = new Set([A, '1054543651069001'])

interface Recording extends FixtureWorld {
  record(...bodies: object[]): Promise<void>
}

/** The recorder's work on deliveries, on a real store, without the queue between. */
const test = base.extend<{ recording: Recording }>({
  recording: async ({ world }, use) => {
    await using store = await connectStore(world.mongodbUri)
    await migrate(store)
    const fixtures = await createFixtureWorld(store)
    await migrate(store)
    await use({
      ...fixtures,
      record: async (...bodies) => void (await recordingOf(store)(bodies.map(body => deliveryOf(body)))),
    })
  },
})

function recordingOf(store: RecorderDeps['store']) {
  const events = { publish: async () => undefined, settled: async () => undefined }
  return createRecording({ store, log, queue: { publish: async () => undefined } as never, events, pace: newPace() })
}

/** Messages of ours that the statuses and reactions of a body are about. */
function namedByIt(body: object): string[] {
  return parseWebhook(body, ARRIVAL).flatMap(item => {
    if (item.phoneNumberId === null || !OURS.has(item.phoneNumberId)) return []
    if (item.kind === 'status') return item.field === 'standby' ? [] : item.wamid
    if (item.kind !== 'message') return []
    const { reaction, edit, revoke } = item.message
    if (isObject(reaction)) return String(reaction.message_id)
    const changed = isObject(edit) ? edit : revoke
    return isObject(changed) ? String(changed.original_message_id) : []
  })
}

/** What came before it, so that it has something to change. */
const BEFORE: Record<string, string[]> = {
  'account-review-update-approved': ['account-review-update-rejected'],
  'account-update-account-reconnected': ['account-update-account-offboarded'],
  'account-update-disabled-reinstate': ['account-update-disabled-disable'],
  'group-settings-update': ['message-text-group'],
  'history-media': ['history-chunk'],
  'message-system-user-changed-number': ['message-text'],
  'message-template-status-update-approved': ['message-template-status-update-rejected'],
  'message-template-status-update-reinstated': ['message-template-status-update-disabled'],
  'message-template-status-update-unpaused': ['message-template-status-update-paused'],
  'messaging-handovers-control-passed': ['message-text'],
  'messaging-handovers-control-passed-app-role': ['standby-message-text'],
  'messaging-handovers-control-taken': ['message-text'],
  'messaging-handovers-control-taken-no-roles': ['message-text'],
  'messaging-handovers-without-sender': ['message-text'],
  'standby-status-delivered': ['standby-message-echo-text'],
  'user-id-update': ['message-text-username-only'],
  'smb-app-state-sync-add': ['message-text'],
  'smb-app-state-sync-remove': ['message-text', 'smb-app-state-sync-add'],
  'user-preferences-stop': ['message-text'],
  'user-preferences-resume': ['message-text', 'user-preferences-stop'],
}

/** Edits and revocations are the customer's, of own messages; all else is about ours. */
function isOfCustomer(body: object): boolean {
  return parseWebhook(body, ARRIVAL).some(
    item => item.kind === 'message' && (isObject(item.message.edit) || isObject(item.message.revoke)),
  )
}
const FROM_CUSTOMER = { direction: 'INBOUND', status: 'RECEIVED', origin: null } as const

test('every fixture leaves the rows and emits the events of its table', async ({ recording }) => {
  const names = globSync('*.json', { cwd: path.join(ROOT, 'test/fixtures/webhooks') }).map(file => file.replace('.json', ''))
  expect(names.toSorted()).toEqual(Object.keys(EXPECTED).toSorted())
  const wrong: Record<string, unknown> = {}
  for (const name of names) {
    await recording.reset()
    const body = readFixture(name)
    const own = isOfCustomer(body) ? FROM_CUSTOMER : {}
    for (const wamid of new Set(namedByIt(body))) await recording.sentInConversation(wamid, own)
    for (const before of BEFORE[name] ?? []) await recording.record(readFixture(before))
    await recording.forgetEvents()
    await recording.record(body)
    const left = await describeStore(recording.store)
    if (JSON.stringify(left.toSorted()) !== JSON.stringify(EXPECTED[name]?.toSorted()))
      wrong[name] = { left, expected: EXPECTED[name] }
  }
  expect(wrong).toEqual({})
}, 480_000)

const SEQUENCES: Record<string, string[]> = {
  'ad-click-free-entry-point': [
    'thread 1/1 messages 1 unread last "Je veux en savoir plus" window 11-21T09:00:00 lead referral free until 11-23T09:00:00',
  ],
  'duplicate-redelivery': [
    'message out text DELIVERED "sent before" cost 0 service [delivered]',
    'thread 1/1 messages 1 unread last "Bonjour, le poste de comptable est-il toujours ouvert ?" window 11-21T09:00:00 lead',
  ],
  'held-then-dropped-132015': [
    'template PAUSED YELLOW (Your WhatsApp message template has been paused for 3 hours until Nov 20 at 3:00 PM UTC because it continued to have issues.)',
    'message out text FAILED "sent before" error 132015 [failed]',
  ],
  'number-change-then-message': [
    'contact 212661000199 MA.99120045517733028810 Salma Idrissi',
    'thread 2/2 messages 1 unread last "C’est mon nouveau numéro" window 11-21T09:01:30 lead',
  ],
  'phone-user-adopts-username': [
    'contact 212661000101 MA.41982200731550066712 Salma Idrissi @salma.idrissi',
    'thread 2/2 messages 2 unread last "Même personne, sans numéro" window 11-21T10:00:00 lead',
  ],
  'reaction-then-removed': ['message out text QUEUED "sent before" reactions none'],
  'read-implies-delivered': ['message out text READ "sent before" cost 0.4 utility [read,sent]'],
  'sent-then-failed': ['message out text FAILED "sent before" error 131049 cost 0.4 marketing [failed,sent]'],
  'statuses-out-of-order': ['message out text READ "sent before" cost 0.4 utility [delivered,read,sent]'],
  'thread-taken-and-passed-back': [
    'thread 6/6 messages 2 unread last "Merci" window 11-21T09:01:00 owner platform customer_service since 11-20T09:01:00 lead',
    'message out text DELIVERED "Oui, je vous lis." cost 0 service from another app [delivered]',
    `message in handover READ null ${JSON.stringify({ owner: 'other', previousRole: 'customer_service', newRole: 'escalation', note: 'Reprise par le superviseur' })}`,
  ],
}
/** Meta's answer to an ad comes after the click that it answers: the conversation it belongs to exists by then. */
const IN_ORDER_ONLY = ['ad-click-free-entry-point']
/** Every order of a few bodies; of more, each one comes first once, in Meta's order and backwards. */
const MOST_PERMUTED = 4

function ordersOf<T>(list: T[]): T[][] {
  if (list.length <= MOST_PERMUTED) return permutations(list)
  const rotations = list.map((_, i) => [...list.slice(i), ...list.slice(0, i)])
  return [...rotations, ...rotations.map(rotation => rotation.toReversed())]
}

function permutations<T>(list: T[]): T[][] {
  if (list.length < 2) return [list]
  return list.flatMap((first, i) => permutations(list.toSpliced(i, 1)).map(rest => [first, ...rest]))
}

/** Final state without the events, which depend on the order and batches of the webhooks. */
const stateOf = async (recording: Recording) =>
  (await describeStore(recording.store)).filter(line => !/^(\d+ × )?(event|told) /.test(line)).toSorted()

test('[F28] every sequence ends in its one state, in any order, together or one by one', async ({ recording }) => {
  for (const [name, lines] of Object.entries(SEQUENCES)) {
    const bodies = readSequence(name)
    const orders = IN_ORDER_ONLY.includes(name) ? [bodies] : ordersOf(bodies)
    for (const order of orders) {
      for (const isTogether of [false, true]) {
        await recording.reset()
        for (const wamid of new Set(bodies.flatMap(namedByIt))) await recording.sent(wamid)
        if (isTogether) await recording.record(...order, ...order)
        else for (const body of [...order, ...order]) await recording.record(body)
        expect([name, await stateOf(recording)]).toEqual([name, expect.arrayContaining(lines)])
        expect(await recording.store.connection.collection('deadLetters').countDocuments()).toBe(0)
      }
    }
  }
}, 600_000)

/** Documents with what names them elsewhere in place of random ids, without what counts arrivals or was known only at the arrival. */
async function fieldsOf({ store }: Recording): Promise<string[]> {
  const rows = async (name: string) => await store.connection.collection(name).find({}).toArray()
  const [messages, conversations, contacts] = [await rows('messages'), await rows('conversations'), await rows('contacts')]
  const names = new Map<string, string>([
    ...messages.map(({ _id, wamid }) => [String(_id), `message ${wamid}`] as const),
    ...conversations.map(({ _id, contact }) => [String(_id), `conversation ${contact.waId ?? contact.userId}`] as const),
    ...contacts.map(({ _id, waId, userId }) => [String(_id), `contact ${waId ?? userId}`] as const),
  ])
  const arrivals = new Set(['createdAt', 'updatedAt', 'receivedAt', 'seq', 'version', 'leadId', 'contactKey', 'contactKeyKind'])
  const shown = (name: string, value: unknown) => {
    if (arrivals.has(name)) return undefined
    if (name === 'timeline' && Array.isArray(value)) return value.map(entry => JSON.stringify(entry, shown)).toSorted()
    // The order in which fields were first written is none of their values.
    return isObject(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value
  }
  const named = (text: string) => text.replace(/[0-9a-f]{24}/g, id => names.get(id) ?? 'an id')
  return [...messages, ...conversations, ...contacts].map(row => named(JSON.stringify(row, shown))).toSorted()
}

test('[F28] webhooks that come three times, shuffled and late leave what they leave once and in order, field by field', async ({
  recording,
}) => {
  const random = seeded(28)
  for (const name of Object.keys(SEQUENCES).filter(name => !IN_ORDER_ONLY.includes(name))) {
    const bodies = readSequence(name)
    const begin = async () => {
      await recording.reset()
      for (const wamid of new Set(bodies.flatMap(namedByIt))) await recording.sent(wamid)
    }
    await begin()
    for (const body of bodies) await recording.record(body)
    const once = await fieldsOf(recording)
    for (let round = 0; round < 3; round++) {
      await begin()
      const shuffled = [...bodies, ...bodies, ...bodies]
        .map(body => ({ body, at: random() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ body }) => body)
      while (shuffled.length > 0) await recording.record(...shuffled.splice(0, 1 + Math.floor(random() * 3)))
      expect([name, round, await fieldsOf(recording)]).toEqual([name, round, once])
    }
  }
}, 600_000)

test('every sequence, as Meta sends it, leaves the rows and emits the events of its table', async ({ recording }) => {
  const names = globSync('*.json', { cwd: path.join(ROOT, 'test/fixtures/webhook-sequences') }).map(file =>
    file.replace('.json', ''),
  )
  expect(names.toSorted()).toEqual(Object.keys(SEQUENCES).toSorted())
  const left: Record<string, string[]> = {}
  for (const name of names.toSorted()) {
    await recording.reset()
    const bodies = readSequence(name)
    for (const wamid of new Set(bodies.flatMap(namedByIt))) await recording.sentInConversation(wamid)
    for (const body of bodies) await recording.record(body)
    left[name] = (await describeStore(recording.store)).toSorted()
  }
  expect(left).toEqual(Object.fromEntries(Object.entries(SEQUENCES_EXPECTED).map(([name, lines]) => [name, lines.toSorted()])))
}, 240_000)

test('an answer by user id alone finds who was written to by phone, before the status that names both or after', async ({
  recording,
}) => {
  const [status, answer] = [readFixture('status-delivered-username-only'), readFixture('message-text-username-only')]
  for (const order of permutations([status, answer])) {
    await recording.reset()
    for (const wamid of namedByIt(status)) await recording.sentInConversation(wamid)
    for (const body of order) await recording.record(body)
    const lines = (await stateOf(recording)).filter(line => /^(contact|thread)/.test(line))
    expect(lines).toEqual([
      expect.stringMatching(/^contact 212661000101 MA\.55120904417720036618 .*@nora\.codes$/),
      expect.stringMatching(/^thread 2\/2 messages 1 unread/),
    ])
  }
})

test('what nobody here knows is kept and counted', async ({ recording }) => {
  const ignored = async () => {
    const { values } = await webhookProcessed.get()
    return values.filter(({ labels }) => labels.outcome === 'ignored').reduce((sum, { value }) => sum + value, 0)
  }
  const unknownNumbers = async () => (await webhookUnknownNumber.get()).values[0]?.value ?? 0
  const [before, unknownBefore] = [await ignored(), await unknownNumbers()]
  const names = ['batch-unknown-field', 'message-unknown-phone-number-id', 'partner-solutions', 'payment-configuration-update']
  for (const name of names) await recording.record(readFixture(name))
  expect((await ignored()) - before).toBe(names.length)
  expect((await unknownNumbers()) - unknownBefore).toBe(1)
  const rows = await recording.store.raw.webhookEvents.find({}).toArray()
  expect(rows.map(({ status, payload }) => [status, parseWebhook(payload, ARRIVAL).length])).toEqual(
    names.map(() => ['IGNORED', 1]),
  )
})

function text(wamid: string, from: string, second = 0, body = wamid) {
  const message = { from, id: wamid, timestamp: String(1_795_165_200 + second), type: 'text', text: { body } }
  const value = { metadata: { phone_number_id: A }, contacts: [{ wa_id: from, profile: { name: 'Ana' } }], messages: [message] }
  return { entry: [{ id: '310200450078901', changes: [{ field: 'messages', value }] }] }
}

const statusOf = (wamid: string, status: string) => ({
  entry: [
    {
      changes: [
        {
          field: 'statuses',
          value: { metadata: { phone_number_id: A }, statuses: [{ id: wamid, status, timestamp: 1_795_165_201 }] },
        },
      ],
    },
  ],
})

/** Repeats a batch that an outage ended, as its consumer does: where others write for 15 s, the database counts as away. */
async function insistently(record: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const ended = await record().catch((error: unknown) => error)
    if (!(ended instanceof Error)) return
    if (!(ended instanceof Outage)) throw ended
  }
}

test('twenty recorders that meet the same stranger at once make one contact, one conversation, one lead', async ({
  recording,
}) => {
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => insistently(() => recording.record(text(`wamid.${i}`, '212661000777', i)))),
  )
  const lines = await describeStore(recording.store)
  expect(lines).toContain('contact 212661000777 Ana')
  expect(lines).toContain('lead WhatsApp 212661000777')
  expect(lines).toContain('thread 20/20 messages 20 unread last "wamid.19" window 11-21T09:00:19 lead')
})

test('[F31] twenty copies at the same instant have the effect of one', async ({ recording }) => {
  await Promise.all(Array.from({ length: 20 }, () => insistently(() => recording.record(text('wamid.copy', '212661000777')))))
  expect(await describeStore(recording.store)).toContain(
    'thread 1/1 messages 1 unread last "wamid.copy" window 11-21T09:00:00 lead',
  )
})

test('a message whose event has expired is still known by its own id', async ({ recording }) => {
  await recording.record(text('wamid.old', '212661000777'))
  await recording.store.connection.collection('webhookEvents').deleteMany({})
  await recording.record(text('wamid.old', '212661000777'), text('wamid.new', '212661000777', 1))
  expect(await describeStore(recording.store)).toContain(
    'thread 2/2 messages 2 unread last "wamid.new" window 11-21T09:00:01 lead',
  )
})

test('[F30] a status that outruns its message waits for it, however it comes to be known', async ({ recording }) => {
  await recording.record(statusOf('wamid.early', 'delivered'), statusOf('wamid.early', 'read'))
  expect(await describeStore(recording.store)).toContain('parked delivered')
  await recording.sent('wamid.early')
  await recording.record(statusOf('wamid.early', 'delivered'), statusOf('wamid.early', 'read'))
  const lines = await describeStore(recording.store)
  expect(lines).toContain('message out text READ "sent before" [delivered,read]')
  expect(lines).toContain('2 × event status PROCESSED')
  expect(lines.filter(line => line.startsWith('parked'))).toEqual([])
})

test('[F32] an item that nobody can read fails alone, and is kept with its reason', async ({ recording }) => {
  const bad = text('wamid.bad', '212661000777')
  Object.assign(bad.entry[0]?.changes[0]?.value.messages[0] ?? {}, { id: null })
  await recording.record(text('wamid.1', '212661000777', 1), bad, text('wamid.2', '212661000777', 2))
  const lines = await describeStore(recording.store)
  expect(lines).toContain('thread 2/2 messages 2 unread last "wamid.2" window 11-21T09:00:02 lead')
  expect(lines).toContain('event account FAILED: the message has no id')
  expect(lines).toContain('dead letter: the message has no id')
})

test('[F33] what MongoDB refuses ends in the dead letters alone, after its tries', async ({ recording }) => {
  const bad = text('wamid.poison', '212661000777')
  Object.assign(bad.entry[0]?.changes[0]?.value.messages[0] ?? {}, { type: 'hologram', hologram: { 'a\0b': 1 } })
  const bodies = Array.from({ length: 20 }, (_, i) => text(`wamid.${i}`, `2126610007${10 + (i % 3)}`, i))
  await recording.record(...bodies.toSpliced(7, 0, bad))
  const { connection } = recording.store
  expect(await connection.collection('messages').countDocuments()).toBe(20)
  expect(await connection.collection('deadLetters').find({}).toArray()).toMatchObject([
    { messageId: messageEventId('wamid.poison'), state: 'NEW' },
  ])
  expect(await connection.collection('webhookEvents').findOne({ status: 'FAILED' })).toMatchObject({
    reason: 'storing it failed',
  })
}, 240_000)

test('[F33] a failed event that is sent again after the mend is applied', async ({ recording }) => {
  await recording.store.connection.collection<{ _id: string }>('webhookEvents').insertOne({
    _id: messageEventId('wamid.again'),
    status: 'FAILED',
    eventType: 'message',
  } as never)
  await recording.record(text('wamid.again', '212661000777'))
  expect(await describeStore(recording.store)).toContain('event message PROCESSED')
  expect(await recording.store.connection.collection('messages').countDocuments()).toBe(1)
})

test('the dead-letter consumer stores what any queue gave up, once however often it comes', async ({ recording, world }) => {
  await using queue = await connectQueue(world.rabbitmqUrl, { log, name: 'test', youngQueueWaitMs: 0 })
  const deadLetter = {
    exchange: EXCHANGES.dead,
    routingKey: QUEUES.conversation[0] as string,
    type: MESSAGE_TYPE.webhook,
    messageId: 'w-dead',
  }
  const body = text('wamid.dead', '212661000777')
  await queue.publish({ ...deadLetter, body })
  await queue.publish({ ...deadLetter, body })
  await using _deadLetters = await startDeadLetterConsumer({ store: recording.store, queue, log })
  const { connection } = recording.store
  await untilPasses(async () => {
    expect(await connection.collection('webhookEvents').findOne({ status: 'FAILED' })).toMatchObject({ eventType: 'message' })
    expect(await queue.check(QUEUES.dead)).toMatchObject({ messageCount: 0 })
  })
  expect(await connection.collection('deadLetters').find({}).toArray()).toMatchObject([
    { messageId: 'w-dead', queue: QUEUES.conversation[0], state: 'NEW' },
  ])
})

test.for(['message-template-status-update-approved', 'account-update-partner-removed'])(
  'a dead letter of %s belongs to the tenant of its business account',
  async (name, { recording, world }) => {
    const { tenantId } = (await recording.store.raw.clients.findOne({ phoneNumberId: A })) as ClientDoc
    await using queue = await connectQueue(world.rabbitmqUrl, { log, name: 'test', youngQueueWaitMs: 0 })
    const envelope = { exchange: EXCHANGES.dead, routingKey: QUEUES.account, type: MESSAGE_TYPE.webhook, messageId: 'w-dead' }
    await queue.publish({ ...envelope, body: readFixture(name) })
    await using _deadLetters = await startDeadLetterConsumer({ store: recording.store, queue, log })
    await untilPasses(async () => {
      const event = await recording.store.raw.webhookEvents.findOne({ status: 'FAILED' })
      expect(event).toMatchObject({ eventType: 'account', tenantId })
    })
    expect(await recording.store.raw.deadLetters.findOne({ messageId: 'w-dead' })).toMatchObject({ tenantId })
  },
)

test('[F20] while MongoDB is away the deliveries stay where they are', async ({ recording }) => {
  const away = { ...recording.store, transaction: () => Promise.reject(new Outage('away')) }
  await expect(recordingOf(away)([deliveryOf(text('wamid.1', '212661000777'))])).rejects.toBeInstanceOf(Outage)
  expect(await recording.store.connection.collection('deadLetters').countDocuments()).toBe(0)
})

test('events of a batch are emitted once each, with ids that a second run would make again', async ({ recording }) => {
  await recording.record(text('wamid.1', '212661000777', 1), text('wamid.2', '212661000777', 2))
  const rows = await recording.store.connection.collection<{ _id: string; name: string }>('events').find({}).toArray()
  expect(rows.map(({ name }) => name).toSorted()).toEqual(['conversation:updated', 'message:received', 'message:received'])
  const byId = new Map(rows.map(row => [row._id.replace(/^u:[0-9a-f]{24}:/, 'u:'), row]))
  const [one, two] = [messageEventId('wamid.1'), messageEventId('wamid.2')]
  expect([...byId.keys()].toSorted()).toEqual([`r:${one}`, `r:${two}`, `u:${two}`].toSorted())
  expect(byId.get(`r:${one}`)).toMatchObject({
    payload: {
      conversationId: expect.any(String),
      message: { from: '212661000777', text: 'wamid.1', timestamp: '2026-11-20T09:00:01.000Z' },
    },
  })
  expect(byId.get(`u:${two}`)).toMatchObject({
    payload: { updates: { unreadCount: 2, messageCount: 2 }, conversation: { inWindow: expect.any(Boolean) } },
  })
})
