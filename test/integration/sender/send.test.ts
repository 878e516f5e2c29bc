import { expect } from 'vitest'
import type { MessageDoc, TemplateDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { newContact, snapshotOf } from '#shared/model/new-rows.ts'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openSenderWorld, refuse, startMeta } from '#test/support/worlds/sender.ts'

test('a text goes out as Meta documents it, and the row, the conversation and the event show it', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const message = await w.sendOne()
  const row = await w.until(message, m => m.status === 'SENT')
  expect(row).toMatchObject({ status: 'SENT', wamid: expect.stringMatching(/^wamid/), dispatch: null, error: null })
  expect(row.timeline.at(-1)).toMatchObject({ kind: 'attempt', attempt: 1, outcome: 'accepted', httpStatus: 200 })
  expect(meta.posts).toEqual([
    {
      phoneNumberId: w.client.phoneNumberId,
      endpoint: 'messages',
      to: `+${message.contactKey}`,
      at: expect.any(Number),
      body: {
        messaging_product: 'whatsapp',
        recipient_type: 'individual',
        to: `+${message.contactKey}`,
        type: 'text',
        text: { body: 'hello' },
        biz_opaque_callback_data: `1:c:${message._id}:1`,
      },
    },
  ])
  expect((await w.conversation(message)).lastMessage?.status).toBe('SENT')
  const conversation = { name: 'conversation:updated', conversationId: message.conversationId }
  expect((await w.events()).toSorted((a, b) => b.name.localeCompare(a.name))).toMatchObject([
    {
      name: 'message:sent',
      conversationId: message.conversationId,
      payload: { messageId: String(message._id), externalMessageId: row.wamid, status: 'sent', message: { status: 'SENT' } },
    },
    { ...conversation, payload: { updates: { lastMessageStatus: 'SENT', lastError: null }, conversation: { lastError: null } } },
  ])
})

test('a template goes out though the window is closed, and to a business-scoped user id as recipient', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const contact = { waId: null, userId: 'MA.123', phone: null, name: null, username: null, optOut: false }
  const conversation = await w.addConversation({ contact, windowExpiresAt: null })
  const template = { name: 'welcome', language: { code: 'en_US' } }
  const message = await w.sendOne({ type: 'template', payload: { type: 'template', template } }, conversation)
  await w.until(message, m => m.status === 'SENT')
  expect(meta.posts[0]?.body).toMatchObject({ recipient: 'MA.123', type: 'template', template })
  expect(meta.posts[0]?.body).not.toHaveProperty('to')
})

test('the recipient is called what Meta called it, unless somebody else has that number', async ({ world }) => {
  const waIds: Record<string, string> = { '+5511987650001': '551187650001', '+5511987650002': '551187650002' }
  await using meta = await startMeta((post, response) => {
    const contacts = [{ input: post.to, wa_id: waIds[post.to] }]
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ contacts, messages: [{ id: `wamid.${post.to}` }] }))
  })
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const now = new Date()
  const person = async (waId: string) => {
    const contact = { ...newContact(w.tenantId, { waId, userId: null, name: null, nameSource: null }, now) }
    await w.store.raw.contacts.insertOne(contact)
    return { conversation: await w.addConversation({ contactId: contact._id, contact: snapshotOf(contact) }), contact }
  }
  await person('551187650002')
  const [one, two] = [await person('5511987650001'), await person('5511987650002')]
  const messages = [await w.sendOne({}, one.conversation), await w.sendOne({}, two.conversation)]
  for (const message of messages) await w.until(message, m => m.status === 'SENT')
  const contactOf = ({ contact }: typeof one) => w.store.raw.contacts.findOne({ _id: contact._id })
  await untilTrue(async () => (await contactOf(one))?.waId === '551187650001')
  expect(await contactOf(one)).toMatchObject({ phone: '551187650001' })
  await untilTrue(async () => (await w.conversation(messages[0] as MessageDoc)).contact.waId === '551187650001')
  expect(await contactOf(two)).toMatchObject({ waId: '5511987650002', phone: '5511987650002' })
})

test('templates that go out are counted, each once, and nothing else is', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const { tenantId, wabaId } = w.client
  const own = { tenantId, wabaId, status: 'APPROVED', category: 'UTILITY', usageCount: 0, lastUsedAt: null, deletedAt: null }
  const names = ['welcome', 'goodbye']
  await w.store.raw.templates.insertMany(names.map(name => ({ ...own, name, language: 'fr' }) as TemplateDoc))
  const content = { text: 'hello', media: null, template: { name: 'welcome', language: 'fr', variables: {} }, data: null }
  const template = { name: 'welcome', language: { code: 'fr' } }
  const welcome = { type: 'template', content, payload: { type: 'template', template } }
  const sent = [await w.sendOne(welcome), await w.sendOne(welcome), await w.sendOne(), await w.sendOne(welcome)]
  for (const message of sent) await w.until(message, m => m.status === 'SENT')
  const counts = async () => {
    const rows = await w.store.raw.templates.find({ tenantId }).sort({ name: 1 }).toArray()
    return rows.map(({ usageCount, lastUsedAt }) => [usageCount, lastUsedAt instanceof Date])
  }
  await untilTrue(async () => (await counts())[1]?.[0] === 3)
  expect(await counts()).toEqual([
    [0, false],
    [3, true],
  ])
})

test('free text into a closed window fails here, with the sentence that a person needs', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const conversation = await w.addConversation({ windowExpiresAt: new Date(Date.now() - 1000) })
  const message = await w.sendOne({}, conversation)
  const row = await w.until(message, m => m.status === 'FAILED')
  expect(row.error).toMatchObject({ code: 131047, source: 'platform', sentence: expect.stringContaining('24 hours') })
  expect(meta.posts).toEqual([])
  expect(await w.conversation(message)).toMatchObject({ lastMessage: { status: 'FAILED' }, lastError: { code: 131047 } })
  expect(await w.events('message:status')).toMatchObject([{ payload: { status: 'failed', error: { code: 131047 } } }])
  const lastError = { code: 131047, source: 'platform' }
  const shown = { lastMessage: { status: 'FAILED' }, lastError }
  expect(await w.events('conversation:updated')).toMatchObject([
    { payload: { updates: { lastMessageStatus: 'FAILED', lastError }, conversation: shown } },
  ])
})

test('what fails behind a newer message leaves the last message as it is, and shows its error', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const conversation = await w.addConversation({ windowExpiresAt: new Date(Date.now() - 1000) })
  const message = w.messageIn(conversation)
  await w.insert([message])
  const lastMessage = {
    messageId: w.messageIn(conversation)._id,
    text: 'later',
    type: 'text',
    direction: 'INBOUND',
    status: 'RECEIVED',
    at: new Date(),
  } as const
  await w.store.raw.conversations.updateOne({ _id: conversation._id, tenantId: w.tenantId }, { $set: { lastMessage } })
  await using _sender = await w.startSender()
  await w.enqueue(message)
  await w.until(message, m => m.status === 'FAILED')
  expect(await w.events('conversation:updated')).toMatchObject([
    {
      payload: {
        updates: { lastMessageStatus: 'RECEIVED', lastMessageText: 'later', lastError: { code: 131047 } },
        conversation: { lastMessage: { text: 'later' } },
      },
    },
  ])
})

test('twenty send jobs for one message make one post', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _a = await w.startSender()
  await using _b = await w.startSender()
  const message = await w.sendOne()
  await Promise.all(Array.from({ length: 20 }, () => w.enqueue(message)))
  await w.until(message, m => m.status === 'SENT')
  await untilTrue(async () => (await w.queue.check('linko.send.v1.chat')).messageCount === 0)
  const late = await w.sendOne()
  await w.until(late, m => m.status === 'SENT')
  expect(meta.posts.filter(post => post.to === `+${message.contactKey}`)).toHaveLength(1)
})

test('a message whose send job was lost is found and sent', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const message = w.messageIn(await w.addConversation())
  await w.insert([message])
  await w.until(message, m => m.status === 'SENT')
})

test('[F29] a hundred messages of one conversation are posted in the order of their creation', async ({ world }) => {
  await using meta = await startMeta((_post, response) => {
    const id = `wamid.${Math.random()}`
    setTimeout(() => response.end(JSON.stringify({ messages: [{ id }] })), Math.random() * 20)
  })
  await using w = await openSenderWorld(world, meta.url)
  await using _a = await w.startSender()
  await using _b = await w.startSender()
  // Each pair has its own limit: four conversations of one contact each stay below it.
  const conversations = await Promise.all(Array.from({ length: 4 }, () => w.addConversation()))
  const messages = Array.from({ length: 100 }, (_, i) =>
    w.messageIn(conversations[i % 4] as (typeof conversations)[0], { payload: { type: 'text', text: { body: `${i}` } } }),
  )
  await w.insert(messages)
  await Promise.all(messages.toSorted(() => Math.random() - 0.5).map(w.enqueue))
  await untilTrue(async () => meta.posts.length >= 100)
  for (const conversation of conversations) {
    const bodies = meta.posts
      .filter(p => p.to === `+${conversation.contact.waId}`)
      .map(p => (p.body.text as { body: string }).body)
    expect(bodies).toEqual(bodies.toSorted((a, b) => Number(a) - Number(b)))
    expect(bodies).toHaveLength(25)
  }
})

test('a scheduled message goes at its time and holds up nobody before', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const conversation = await w.addConversation()
  const sendAt = new Date(Date.now() + 1500)
  const scheduled = w.messageIn(conversation, { sendAt, dispatch: { state: 'WAITING', reason: 'scheduled', nextStepAt: sendAt } })
  const now = w.messageIn(conversation)
  await w.send([scheduled, now])
  await w.until(now, m => m.status === 'SENT')
  expect((await w.get(scheduled)).status).toBe('QUEUED')
  const row = await w.until(scheduled, m => m.status === 'SENT')
  expect(row.statusUpdatedAt.getTime() - sendAt.getTime()).toBeGreaterThanOrEqual(-5)
  expect(row.statusUpdatedAt.getTime() - sendAt.getTime()).toBeLessThan(1500)
})

test('a refusal for good fails at once, with code, sentence and next step', async ({ world }) => {
  await using meta = await startMeta(refuse(131026))
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const message = await w.sendOne()
  const row = await w.until(message, m => m.status === 'FAILED')
  expect(row.error).toMatchObject({ code: 131026, detail: 'in detail', source: 'meta', sentence: expect.any(String) })
  expect(row.timeline.at(-1)).toMatchObject({ kind: 'attempt', outcome: 'refused', code: 131026, httpStatus: 400 })
  expect(meta.posts).toHaveLength(1)
  expect((await w.queue.check('linko.dead.v1')).messageCount).toBe(0)
})

test('bad send jobs are dead letters and stop nobody', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using _sender = await w.startSender()
  const address = { exchange: 'linko.send.v1', routingKey: 'chat', type: 'linko.send-bell.v1', messageId: 'x' } as const
  await w.queue.publish({ ...address, body: Buffer.from('not json') })
  await w.queue.publish({ ...address, body: { v: 1, messageId: 'x' } })
  // Complete, but one of its ids is none: refused alone, not with the batch in which it came.
  const id = String(newId())
  const { phoneNumberId } = w.client
  const job = { v: 1, messageId: id, tenantId: id, clientId: id, phoneNumberId, conversationId: id, contactKey: '1' }
  for (const name of ['messageId', 'tenantId', 'clientId', 'conversationId', 'campaignId'])
    await w.queue.publish({ ...address, body: { ...job, [name]: 'no-id' } })
  const message = await w.sendOne()
  await w.until(message, m => m.status === 'SENT')
  await untilTrue(async () => (await w.queue.check('linko.dead.v1')).messageCount === 7)
})
