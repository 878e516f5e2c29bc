import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Types } from 'mongoose'
import pino from 'pino'
import type { SenderOptions } from '#services/sender/sender.ts'
import { startSender } from '#services/sender/sender.ts'
import { sealAccessToken } from '#shared/auth/client-tokens.ts'
import { createKeyring } from '#shared/auth/encryption.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { SendJob } from '#shared/contracts/send-job.ts'
import type { Priority } from '#shared/domain/messages/priority.ts'
import { connectRedis } from '#shared/limits/connect.ts'
import { createSendLimits } from '#shared/limits/send-limits.ts'
import { createMetaClient, type MetaClient } from '#shared/meta/client.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, Dispatch, MessageDoc, TenantDoc } from '#shared/model/documents.ts'
import { lastMessageOf, newContact, newConversation } from '#shared/model/new-rows.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import type { EventExchange } from '#shared/queue/event-exchange.ts'
import { createEventPublisher } from '#shared/queue/publish-events.ts'
import { EXCHANGES, sendKey } from '#shared/queue/topology.ts'
import { openStorage } from '#shared/storage/open.ts'
import { connectStore } from '#shared/store/connect.ts'
import { sendJobFor } from '#shared/store/dispatch/take.ts'
import { migrate } from '#shared/store/migrate.ts'
import { commandsOf, connectCounted } from '#test/support/commands.ts'
import { outboundIn } from '#test/support/outbound.ts'
import type { World } from '#test/support/world.ts'
import { createProjector } from './projector.ts'

const log = pino({ level: process.env.TEST_LOG ?? 'silent' })
export const TOKEN = 'EAAtestToken'

export interface Post {
  phoneNumberId: string
  /** `messages`, or `marketing_messages`. */
  endpoint: string
  to: string
  body: Record<string, unknown> & { biz_opaque_callback_data: string; to?: string }
  at: number
}
export type Answer = (post: Post, response: ServerResponse, request: IncomingMessage) => void

let accepted = 0
export const accept: Answer = (_post, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ messages: [{ id: `wamid.${++accepted}.${randomBytes(4).toString('hex')}` }] }))
}
export const refuse =
  (code: number, status = 400, extra: object = {}): Answer =>
  (_post, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ error: { code, message: `(#${code}) refused`, error_data: { details: 'in detail' }, ...extra } }),
    )
  }

/** Meta, as a test wants it: every post is kept, `answer` decides what comes back. */
export async function startMeta(answer: Answer = accept) {
  const meta = { posts: [] as Post[], answer, url: '' }
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const body = JSON.parse(text)
    const [, , phoneNumberId = '', endpoint = ''] = (request.url ?? '').split('/')
    const post: Post = { phoneNumberId, endpoint, to: body.to ?? body.recipient, body, at: Date.now() }
    meta.posts.push(post)
    meta.answer(post, response, request)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  meta.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(meta, {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  })
}

export interface MessageChanges extends Partial<Omit<MessageDoc, 'dispatch'>> {
  dispatch?: Partial<Dispatch> | null
}

/** A tenant with a number and what a sender needs, against real servers; senders are started by the test. */
export async function openSenderWorld(world: World, metaUrl: string, number: Partial<ClientDoc> = {}) {
  await using stack = new AsyncDisposableStack()
  const store = stack.use(await connectStore(world.mongodbUri, { log }))
  await migrate(store)
  const queue = stack.use(await connectQueue(world.rabbitmqUrl, { log, name: 'test', youngQueueWaitMs: 0 }))
  const redis = stack.use(await connectRedis(world.redisUrl, { log }))
  const keyring = createKeyring({ TOKEN_ENCRYPTION_KEY: '11'.repeat(32) })
  const prefix = `{test:${randomBytes(6).toString('hex')}}`
  const tenantId = new Types.ObjectId()

  async function addTenant(settings: Partial<TenantDoc['settings']> = {}): Promise<void> {
    const all = { unknownOutcome: 'fail' as const, maxWaitHours: 24, prices: [], ...settings }
    await store.raw.tenants.insertOne({
      _id: tenantId,
      name: 'T',
      status: 'active',
      settings: all,
      limits: {},
    } as unknown as TenantDoc)
  }

  async function addNumber(changes: Partial<ClientDoc> = {}): Promise<ClientDoc> {
    const _id = new Types.ObjectId()
    const client = {
      _id,
      tenantId,
      userId: null,
      whatsappNumber: '212600111222',
      phoneNumberId: `9${randomBytes(6).readUIntBE(0, 6)}`,
      wabaId: `8${randomBytes(4).readUInt32BE(0)}`,
      accessToken: sealAccessToken(keyring, { _id, tenantId }, TOKEN),
      status: 'active',
      pauseReason: null,
      throughput: 1000,
      deletedAt: null,
      createdAt: new Date(),
      updatedAt: new Date(),
      ...changes,
    } as ClientDoc
    await store.raw.clients.insertOne(client)
    return client
  }
  await addTenant()
  const client = await addNumber(number)

  let people = 0
  async function addConversation(
    changes: Partial<ConversationDoc> = {},
    person: Partial<ContactDoc> = {},
  ): Promise<ConversationDoc> {
    const waId = `21260${String(++people).padStart(7, '0')}`
    const now = new Date()
    const contact = newContact(tenantId, { waId, userId: null, name: null, nameSource: null }, now)
    const windowExpiresAt = new Date(now.getTime() + 3_600_000)
    const conversation = { ...newConversation(client, contact, now), windowExpiresAt, ...changes }
    await store.raw.contacts.insertOne({ ...contact, ...person })
    await store.raw.conversations.insertOne(conversation)
    return conversation
  }

  function messageIn(conversation: ConversationDoc, changes: MessageChanges = {}): MessageDoc {
    const message = outboundIn(conversation, 'hello')
    const dispatch = changes.dispatch === null ? null : { ...message.dispatch, ...changes.dispatch }
    return { ...message, ...changes, dispatch }
  }

  async function store1(messages: MessageDoc[]): Promise<void> {
    await store.raw.messages.insertMany(messages)
    await store.raw.conversations.bulkWrite(
      messages.map(message => {
        const $set = { lastMessage: lastMessageOf(message) }
        return { updateOne: { filter: { _id: message.conversationId, tenantId }, update: { $set } } }
      }),
    )
  }

  /** A send job as it is given. */
  const publish = (job: SendJob, priority: Priority) =>
    queue.publish({
      exchange: EXCHANGES.send,
      routingKey: sendKey(priority),
      type: MESSAGE_TYPE.sendJob,
      body: job,
      messageId: job.messageId,
      tenantId: String(tenantId),
    })
  const enqueue = (message: MessageDoc) => publish(sendJobFor(message), message.dispatch?.priority ?? 'chat')

  /** As the gateway does: row first, then the send job. */
  async function send(messages: MessageDoc[]): Promise<MessageDoc[]> {
    await store1(messages)
    await Promise.all(messages.map(enqueue))
    return messages
  }

  const opened = stack.move()
  const committed = createEventPublisher({ queue, log })
  const project = createProjector(store, events => committed.publish(events, null))
  return {
    store,
    queue,
    redis,
    /** Of the limits' keys. */
    prefix,
    keyring,
    tenantId,
    client,
    addNumber,
    addConversation,
    messageIn,
    insert: store1,
    enqueue,
    publish,
    send,
    async sendOne(changes: MessageChanges = {}, conversation?: ConversationDoc): Promise<MessageDoc> {
      const message = messageIn(conversation ?? (await addConversation()), changes)
      await send([message])
      return message
    },
    setTenant: (settings: Partial<TenantDoc['settings']>) =>
      store.raw.tenants.updateOne(
        { _id: tenantId },
        { $set: Object.fromEntries(Object.entries(settings).map(([name, value]) => [`settings.${name}`, value])) },
      ),
    get: (message: MessageDoc) => store.raw.messages.findOne({ _id: message._id, tenantId }) as Promise<MessageDoc>,
    async conversation(message: MessageDoc): Promise<ConversationDoc> {
      await project()
      return (await store.raw.conversations.findOne({ _id: message.conversationId, tenantId })) as ConversationDoc
    },
    async events(name?: string) {
      await project()
      return await store.raw.events.find({ tenantId, ...(name && { name: name as 'message:sent' }) }).toArray()
    },
    number: () => store.raw.clients.findOne({ _id: client._id, tenantId }) as Promise<ClientDoc>,
    /** Waits for a fact about the stored message. */
    async until(message: MessageDoc, fact: (row: MessageDoc) => boolean, limitMs = 60_000): Promise<MessageDoc> {
      let row = await this.get(message)
      for (const end = performance.now() + limitMs; !fact(row); row = await this.get(message)) {
        if (performance.now() > end) throw new Error(`never came true: ${fact}\n${JSON.stringify(row, null, 1)}`)
        await wait(20)
      }
      return row
    },
    /** A sender of its own connections, as a process would have. */
    async startSender(
      options: SenderOptions & {
        callTimeoutMs?: number
        metaUrl?: string
        servers?: Partial<World>
        exchange?: EventExchange
        /** Hears of each call at the moment at which the sender begins it, by `performance.now()`. */
        onCall?: (startedAt: number) => void
      } = {},
    ) {
      const servers = { ...world, ...options.servers }
      await using parts = new AsyncDisposableStack()
      const ownStore = parts.use(await connectCounted(servers.mongodbUri, { log }))
      const commands = commandsOf(ownStore)
      const ownQueue = parts.use(await connectQueue(servers.rabbitmqUrl, { log, name: 'sender', youngQueueWaitMs: 0 }))
      const ownRedis = parts.use(await connectRedis(servers.redisUrl, { log }))
      const client = parts.use(
        createMetaClient({ baseUrl: options.metaUrl ?? metaUrl, version: 'v25.0', timeoutMs: options.callTimeoutMs ?? 5000 }),
      )
      const meta: MetaClient = {
        ...client,
        sendMessage(...call) {
          options.onCall?.(performance.now())
          return client.sendMessage(...call)
        },
      }
      const limits = (liveSenders: () => number) => createSendLimits({ redis: ownRedis, liveSenders, prefix })
      const storage = openStorage({}, ownStore.connection)
      const exchange = options.exchange ?? null
      const deps = { store: ownStore, queue: ownQueue, meta, keyring, exchange, storage, log, limits }
      const sender = parts.use(await startSender(deps, { outboxEveryMs: 500, unknownDeadlineMs: 2000, ...options }))
      const running = parts.move()
      return { ...sender, commands, [Symbol.asyncDispose]: () => running.disposeAsync() }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
export type SenderWorld = Awaited<ReturnType<typeof openSenderWorld>>
