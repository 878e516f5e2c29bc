import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { createMemoryWorld, outbound, PHONE_NUMBER_ID, TENANT_ID } from '#test/support/worlds/memory.ts'
import { parseWebhook, type WebhookItem } from '../meta/webhook.ts'
import type { LeadDoc, MessageDoc } from '../model/documents.ts'

type World = ReturnType<typeof createMemoryWorld>
const T0 = 1_795_165_200
const ARRIVAL = new Date((T0 + 3600) * 1000)

/** One item, as Meta would wrap it. */
function item(member: 'messages' | 'statuses' | 'message_echoes', body: object, contact?: object): WebhookItem {
  const value = { metadata: { phone_number_id: PHONE_NUMBER_ID }, ...(contact && { contacts: [contact] }), [member]: [body] }
  const [only] = parseWebhook({ entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }, ARRIVAL)
  return only as WebhookItem
}

const stamp = (second: number) => String(T0 + second)
const salma = { from: '212661000101', from_user_id: 'MA.1' }
const profile = (name: string) => ({ profile: { name }, wa_id: '212661000101', user_id: 'MA.1' })
const said = (id: string, second: number, body: string, who: object = salma, contact: object = profile('Salma')) =>
  item('messages', { ...who, id, timestamp: stamp(second), type: 'text', text: { body } }, contact)
const status = (id: string, name: string, second: number, code?: number) =>
  item('statuses', {
    id,
    status: name,
    timestamp: stamp(second),
    recipient_id: '212661000101',
    ...(code && { errors: [{ code, title: 'no' }] }),
  })

/** Messages that were sent before, in the thread of the first contact. */
function sentBefore(wamid: string, n: number): MessageDoc {
  const _id = new Types.ObjectId(`00000000000000000000010${n}`)
  const conversationId = new Types.ObjectId('0000000000000000000000ff')
  return outbound(new Date((T0 - 100 + n) * 1000), { _id, conversationId, status: 'SENT', wamid, origin: 'api' })
}

/** What must be equal whatever the order; ids and the order of equal facts are not part of it. */
function stateOf({ rows }: World) {
  const alive = rows.contacts.filter(contact => !contact.deletedAt)
  return {
    contacts: alive.map(({ waId, userId, name, username, phone }) => ({ waId, userId, name, username, phone })).sort(byText),
    conversations: rows.conversations
      .filter(conversation => !conversation.deletedAt)
      .map(conversation => ({
        contact: conversation.contact,
        messageCount: conversation.messageCount,
        unreadCount: conversation.unreadCount,
        last: conversation.lastMessage?.text,
        lastAt: conversation.lastMessage?.at,
        window: conversation.windowExpiresAt,
        lastInbound: conversation.lastInboundWamid,
        error: conversation.lastError?.code,
        hasLead: conversation.leadId !== null,
        /** Without gaps and without doubles. */
        numbers: rows.messages
          .filter(({ conversationId, seq }) => seq !== undefined && conversationId.equals(conversation._id))
          .map(({ seq }) => seq)
          .sort(),
        texts: rows.messages
          .filter(message => message.conversationId.equals(conversation._id))
          .map(message => message.wamid)
          .sort(),
      }))
      .sort(byText),
    messages: rows.messages
      .map(message => ({
        wamid: message.wamid,
        status: message.status,
        error: message.error?.code,
        text: message.content.text,
        reactions: message.reactions.filter(({ emoji }) => emoji !== ''),
        revokedAt: message.revokedAt ?? null,
        editedAt: message.editedAt ?? null,
        timeline: message.timeline.map(({ key }) => key).sort(),
      }))
      .sort(byText),
    leads: rows.leads.map(({ phone }) => phone).sort(),
    events: rows.events.filter(event => event.name === 'message:received').length,
  }
}
const byText = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

/** mulberry32: the same numbers for the same seed. */
function random(seed: number) {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function shuffled<T>(list: readonly T[], next: () => number): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j] as T, copy[i] as T]
  }
  return copy
}

/** Every item once to three times, in any order, in batches of any size. */
function inAnyOrder(items: WebhookItem[], seed: number): WebhookItem[][] {
  const next = random(seed)
  const copies = items.flatMap(one => Array.from({ length: 1 + Math.floor(next() * 3) }, () => one))
  const order = shuffled(copies, next)
  const batches: WebhookItem[][] = []
  while (order.length > 0) batches.push(order.splice(0, 1 + Math.floor(next() * 7)))
  return batches
}

const nora = { from_user_id: 'MA.9' }
const STORIES: Record<string, WebhookItem[]> = {
  'a conversation with statuses, reactions, an edit and a revocation': [
    said('wamid.in1', 1, 'one'),
    said('wamid.in2', 2, 'two'),
    said('wamid.in3', 3, 'three', salma, profile('Salma I.')),
    item('messages', {
      ...salma,
      id: 'wamid.r1',
      timestamp: stamp(4),
      type: 'reaction',
      reaction: { message_id: 'wamid.out1', emoji: '👍' },
    }),
    item('messages', { ...salma, id: 'wamid.r2', timestamp: stamp(5), type: 'reaction', reaction: { message_id: 'wamid.out1' } }),
    item('messages', {
      ...salma,
      id: 'wamid.r3',
      timestamp: stamp(6),
      type: 'reaction',
      reaction: { message_id: 'wamid.out2', emoji: '❤' },
    }),
    item('messages', {
      ...salma,
      id: 'wamid.e1',
      timestamp: stamp(7),
      type: 'edit',
      edit: { original_message_id: 'wamid.in1', message: { type: 'text', text: { body: 'ONE' } } },
    }),
    item('messages', {
      ...salma,
      id: 'wamid.e2',
      timestamp: stamp(8),
      type: 'edit',
      edit: { original_message_id: 'wamid.in1', message: { type: 'text', text: { body: 'ONE!' } } },
    }),
    item('messages', {
      ...salma,
      id: 'wamid.v1',
      timestamp: stamp(9),
      type: 'revoke',
      revoke: { original_message_id: 'wamid.in2' },
    }),
    status('wamid.out1', 'sent', 1),
    status('wamid.out1', 'delivered', 2),
    status('wamid.out1', 'read', 3),
    status('wamid.out2', 'sent', 4),
    status('wamid.out2', 'failed', 5, 131_026),
  ],
  'an echo that its own statuses outrun': [
    said('wamid.in1', 1, 'one'),
    item('message_echoes', {
      from: '212600111222',
      to: '212661000101',
      id: 'wamid.phone',
      timestamp: stamp(10),
      type: 'text',
      text: { body: 'hi' },
    }),
    status('wamid.phone', 'delivered', 12),
    status('wamid.phone', 'read', 13),
  ],
  'a phone user who adopts a username': [
    said('wamid.in1', 1, 'with a number'),
    said('wamid.in2', 2, 'without', { from_user_id: 'MA.1' }, { profile: { name: 'Salma', username: 'salma' }, user_id: 'MA.1' }),
    said(
      'wamid.in3',
      3,
      'again without',
      { from_user_id: 'MA.1' },
      { profile: { name: 'Salma', username: 'salma' }, user_id: 'MA.1' },
    ),
  ],
  'two contacts that turn out to be one': [
    said('wamid.in1', 1, 'only a number', { from: '212661000101' }, { profile: { name: 'Salma' }, wa_id: '212661000101' }),
    said('wamid.in2', 2, 'only an id', { from_user_id: 'MA.1' }, { profile: { name: 'Salma' }, user_id: 'MA.1' }),
    said('wamid.in3', 3, 'both'),
    said('wamid.in4', 4, 'someone else', nora, { profile: { name: 'Nora', username: 'nora' }, user_id: 'MA.9' }),
  ],
  'a new number, and a message from it': [
    item('messages', {
      ...salma,
      id: 'wamid.s1',
      timestamp: stamp(1),
      type: 'system',
      system: { type: 'user_changed_number', body: 'changed', wa_id: '212661000199', user_id: 'MA.2', previous_user_id: 'MA.1' },
    }),
    said(
      'wamid.in2',
      5,
      'my new number',
      { from: '212661000199', from_user_id: 'MA.2' },
      {
        profile: { name: 'Salma' },
        wa_id: '212661000199',
        user_id: 'MA.2',
      },
    ),
  ],
}

test.for(Object.entries(STORIES))('%s: any order, any split, any number of copies end in one state', ([, story]) => {
  const before = () => [sentBefore('wamid.out1', 1), sentBefore('wamid.out2', 2)]
  const straight = createMemoryWorld(before())
  for (const one of story) straight.record([one])
  const expected = stateOf(straight)
  for (let seed = 1; seed <= 300; seed++) {
    const world = createMemoryWorld(before())
    for (const batch of inAnyOrder(story, seed)) world.record(batch)
    expect(stateOf(world), `seed ${seed}`).toEqual(expected)
  }
})

const TWO_PEOPLE: WebhookItem[] = [
  ...(STORIES['a conversation with statuses, reactions, an edit and a revocation'] ?? []),
  said('wamid.n1', 4, 'someone else', nora, { profile: { name: 'Nora' }, user_id: 'MA.9' }),
  said('wamid.n2', 5, 'once more', nora, { profile: { name: 'Nora K.' }, user_id: 'MA.9' }),
]

test('a recorder that dies between any two steps, over and over, ends in the same state', () => {
  const before = () => [sentBefore('wamid.out1', 1), sentBefore('wamid.out2', 2)]
  const straight = createMemoryWorld(before())
  for (const one of TWO_PEOPLE) straight.record([one])
  const expected = stateOf(straight)
  for (let seed = 1; seed <= 500; seed++) {
    const next = random(seed)
    const world = createMemoryWorld(before())
    for (const batch of inAnyOrder(TWO_PEOPLE, seed)) {
      while (next() < 0.6) world.interrupt(batch.slice(0, 1 + Math.floor(next() * batch.length)), 1 + Math.floor(next() * 3))
      world.record(batch)
    }
    expect(stateOf(world), `seed ${seed}`).toEqual(expected)
  }
})

test("a contact under the other form of a Brazilian number is the same person, and takes Meta's form", () => {
  const world = createMemoryWorld()
  world.record([said('wamid.b1', 1, 'um', { from: '551187654321' }, { profile: { name: 'Ana' }, wa_id: '551187654321' })])
  world.record([said('wamid.b2', 2, 'dois', { from: '5511987654321' }, { profile: { name: 'Ana' }, wa_id: '5511987654321' })])
  expect(stateOf(world).contacts).toMatchObject([{ waId: '5511987654321' }])
  expect(stateOf(world).conversations).toMatchObject([{ messageCount: 2 }])
})

test('a phone that changed hands moves to the person whom Meta names with it', () => {
  const world = createMemoryWorld()
  world.record([said('wamid.1', 1, 'first owner')])
  world.record([said('wamid.2', 2, 'somebody else', nora, { profile: { name: 'Nora' }, user_id: 'MA.9' })])
  const both = { profile: { name: 'Nora' }, user_id: 'MA.9', wa_id: '212661000101' }
  world.record([said('wamid.3', 3, 'with the number', { from: '212661000101', ...nora }, both)])
  expect(stateOf(world).contacts).toMatchObject([
    { waId: '212661000101', userId: 'MA.9' },
    { waId: null, userId: 'MA.1' },
  ])
})

test('each side can edit and revoke only its own messages', () => {
  const world = createMemoryWorld([sentBefore('wamid.ours', 1)])
  const echo = (id: string, body: object) =>
    item('message_echoes', { from: '212600111222', to: '212661000101', id, timestamp: stamp(5), ...body })
  const edit = { type: 'edit', edit: { original_message_id: 'wamid.ours', message: { type: 'text', text: { body: 'HELLO' } } } }
  const revoke = (target: string) => ({ type: 'revoke', revoke: { original_message_id: target } })
  world.record([said('wamid.theirs', 1, 'bonjour')])
  const refused = world.record([
    item('messages', { ...salma, id: 'wamid.r1', timestamp: stamp(4), ...revoke('wamid.ours') }),
    echo('wamid.r2', revoke('wamid.theirs')),
  ])
  expect(refused.outcomes).toEqual(['ignored', 'ignored'])
  expect(world.record([echo('wamid.e', edit)]).outcomes).toEqual(['processed'])
  const ours = () => world.rows.messages.find(({ wamid }) => wamid === 'wamid.ours')
  expect(ours()).toMatchObject({ content: { text: 'HELLO' }, editedAt: expect.any(Date) })
  world.record([echo('wamid.r3', revoke('wamid.ours'))])
  expect(ours()).toMatchObject({ content: { text: null }, revokedAt: expect.any(Date) })
  expect(world.rows.messages).toHaveLength(2)
})

test("a body of another object is stored and ignored, one that names no object counts as WhatsApp's", () => {
  const world = createMemoryWorld()
  const { payload } = said('wamid.1', 1, 'bonjour')
  const record = (body: object) => world.record(parseWebhook(body, ARRIVAL))
  const foreign = { ...payload, object: 'instagram' }
  const { plan, outcomes } = record(foreign)
  expect(outcomes).toEqual(['ignored'])
  expect(plan.webhookEvents.inserts).toMatchObject([
    { status: 'IGNORED', reason: 'not about WhatsApp', field: 'instagram', tenantId: null, payload: foreign },
  ])
  expect(record(foreign).outcomes).toEqual(['duplicate'])
  expect(world.rows.messages).toEqual([])
  expect(record(payload).outcomes).toEqual(['processed'])
  expect(record({ ...payload, object: 'whatsapp_business_account' }).outcomes).toEqual(['duplicate'])
})

test('the file of an edited or revoked message is discarded, unless it was sent from here', () => {
  const media = { id: new Types.ObjectId(), metaId: '77', state: 'STORED' }
  const sent = { ...sentBefore('wamid.ours', 1), content: { text: null, media, template: null, data: null } } as MessageDoc
  const world = createMemoryWorld([sent])
  const image = (id: string) => ({ type: 'image', image: { id, mime_type: 'image/jpeg' } })
  const from = (n: number, body: object) => item('messages', { ...salma, id: `wamid.i${n}`, timestamp: stamp(n), ...body })
  const edit = (message: object) => ({ type: 'edit', edit: { original_message_id: 'wamid.i1', message } })
  const fileOf = () => world.rows.messages.find(({ wamid }) => wamid === 'wamid.i1')?.content.media?.id
  const discarded = (...items: WebhookItem[]) => world.record(items).plan.discarded.map(({ _id }) => _id)
  expect(discarded(from(1, image('88')))).toEqual([])
  const first = fileOf()
  expect(discarded(from(2, edit({ ...image('88'), caption: 'the same file' })))).toEqual([])
  expect(fileOf()).toEqual(first)
  expect(discarded(from(3, edit(image('99'))))).toEqual([first])
  const second = fileOf()
  expect(discarded(from(4, { type: 'revoke', revoke: { original_message_id: 'wamid.i1' } }))).toEqual([second])
  const ours = { type: 'revoke', revoke: { original_message_id: 'wamid.ours' } }
  const echo = { from: '212600111222', to: '212661000101', id: 'wamid.e1', timestamp: stamp(5), ...ours }
  expect(discarded(item('message_echoes', echo))).toEqual([])
})

test('a conversation that was merged into another emits where it went', () => {
  const world = createMemoryWorld()
  const byPhone = { from: '212661000101' }
  const byUser = { from_user_id: 'MA.1' }
  world.record([said('wamid.1', 1, 'by phone', byPhone, { wa_id: '212661000101' })])
  world.record([said('wamid.2', 2, 'by name', byUser, { user_id: 'MA.1' })])
  const { plan } = world.record([said('wamid.3', 3, 'by both')])
  const updates = plan.events
    .filter(({ name }) => name === 'conversation:updated')
    .map(
      ({ payload }) => payload as { conversationId: string; updates: object; conversation: { id: string; messageCount: number } },
    )
  expect(updates).toHaveLength(2)
  const [joined, updated] = updates
  expect(joined?.updates).toEqual({ joinedWith: updated?.conversationId })
  expect(joined?.conversation).toMatchObject({ id: updated?.conversationId, messageCount: 3 })
  expect(joined?.conversationId).not.toBe(updated?.conversationId)
})

const leadId = (n: number) => new Types.ObjectId(String(n).padStart(24, '0'))
const leadRow = (n: number, phone: string | null, contactId: Types.ObjectId | null = null) =>
  ({
    _id: leadId(n),
    tenantId: TENANT_ID,
    name: `Lead ${n}`,
    phone,
    contactId,
    deletedAt: null,
  }) as unknown as LeadDoc

test('a lead with the other form of a number belongs to the person who writes', () => {
  const world = createMemoryWorld()
  world.rows.leads.push(leadRow(1, '5511987654321'))
  world.record([said('wamid.1', 1, 'um', { from: '551187654321' }, { profile: { name: 'Ana' }, wa_id: '551187654321' })])
  expect(world.rows.leads).toHaveLength(1)
  expect(world.rows.conversations).toMatchObject([{ leadId: leadId(1) }])
  expect(world.rows.messages).toMatchObject([{ leadId: leadId(1) }])
})

test('a person with a new number keeps the lead, also in a conversation with another number of the tenant', () => {
  const world = createMemoryWorld()
  world.record([said('wamid.1', 1, 'before')])
  const changed = {
    type: 'user_changed_number',
    body: 'changed',
    wa_id: '212661000199',
    user_id: 'MA.2',
    previous_user_id: 'MA.1',
  }
  world.record([item('messages', { ...salma, id: 'wamid.2', timestamp: stamp(2), type: 'system', system: changed })])
  const [lead] = world.rows.leads
  for (const conversation of world.rows.conversations) conversation.clientId = new Types.ObjectId()
  const contact = { profile: { name: 'Salma' }, wa_id: '212661000199', user_id: 'MA.2' }
  world.record([said('wamid.3', 3, 'after', { from: '212661000199', from_user_id: 'MA.2' }, contact)])
  expect(world.rows.leads).toHaveLength(1)
  expect(world.rows.conversations.map(conversation => conversation.leadId)).toEqual([lead?._id, lead?._id])
})

test('when two contacts are merged the older lead stays linked, and the other one is kept', () => {
  const world = createMemoryWorld()
  const byUser = () => said('wamid.2', 2, 'by name', { from_user_id: 'MA.1' }, { user_id: 'MA.1' })
  world.record([byUser(), said('wamid.1', 1, 'by phone', { from: '212661000101' }, { wa_id: '212661000101' })])
  const [one] = world.rows.conversations.filter(({ contact }) => contact.userId === 'MA.1')
  const older = leadRow(1, '212661000777', one?.contactId)
  world.rows.leads.push(older)
  Object.assign(one ?? {}, { leadId: older._id })
  world.record([said('wamid.3', 3, 'by both')])
  expect(world.rows.conversations.filter(conversation => !conversation.deletedAt)).toMatchObject([
    { leadId: older._id, messageCount: 3 },
  ])
  expect(world.rows.leads).toHaveLength(2)
})
