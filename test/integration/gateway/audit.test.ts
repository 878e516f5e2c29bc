import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Types } from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_CONTACTS, DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { releaseLeft } from '#services/gateway/inbox/release-left.ts'
import { checkTokens } from '#services/gateway/numbers/check-tokens.ts'
import { sealPin } from '#shared/auth/client-tokens.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { platformError } from '#shared/domain/messages/send-errors.ts'
import { messageEventId } from '#shared/meta/webhook.ts'
import { ROOT } from '#shared/process/config.ts'
import { EXCHANGES, QUEUES } from '#shared/queue/topology.ts'
import { ensureHash } from '#shared/store/contacts/erasures.ts'
import { storeDeadLetter } from '#shared/store/webhooks/dead-letters.ts'
import { untilTrue } from '#test/support/until.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { keyring, log } from '#test/support/worlds/ingest.ts'
import { outbound } from '#test/support/worlds/memory.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const { phoneNumberId } = DEMO_TENANTS.demo
const APP = { id: '918273645500112', secret: 'secret-of-the-app' }
const DAY_MS = 86_400_000
const DEAD_QUEUE = QUEUES.conversation[0] as string
const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Types.ObjectId

beforeAll(async () => {
  const simulator = stack.use(await createSimulator({ appId: APP.id, appSecret: APP.secret, reviewMs: 3_600_000 }))
  simulator.sim.world.numbers.get(phoneNumberId)?.shortLinks.set('AUDITED', 'Of before')
  const env = { META_GRAPH_URL: simulator.url, META_APP_ID: APP.id, META_APP_SECRET: APP.secret }
  gateway = stack.use(await openGateway(stack.use(await createWorld()), env))
  tenantId = (await userByEmail(gateway.store, PEOPLE.admin)).tenantId
  // Made once for each account, before its first erasure.
  await ensureHash(gateway.store, tenantId)
})
afterAll(() => stack.disposeAsync())

/** Lets every audit entry fail, or none. */
const refuseEntries = (isRefused: boolean) =>
  gateway.store.connection.db?.command({ collMod: 'auditLog', validator: isRefused ? { never: { $exists: true } } : {} })

/** Everything that is stored but the audit log and what requests leave about themselves. */
async function everything(): Promise<Record<string, unknown[]>> {
  const db = gateway.store.connection.db
  const names = (await db?.listCollections({}, { nameOnly: true }).toArray())?.map(({ name }) => name) ?? []
  const kept = names.filter(
    name => !['auditLog', 'idempotencyKeys', 'leases', 'refreshTokens'].includes(name) && !name.includes('.'),
  )
  const rows = await Promise.all(kept.map(async name => [name, await db?.collection(name).find().sort({ _id: 1 }).toArray()]))
  return Object.fromEntries(rows)
}

const actionsSince = async (since: Types.ObjectId) =>
  (await gateway.store.raw.auditLog.find({ _id: { $gt: since } }).toArray()).map(({ action }) => action)

type AuditedCollection =
  | 'contacts'
  | 'leads'
  | 'campaigns'
  | 'templates'
  | 'clients'
  | 'users'
  | 'apiKeys'
  | 'eventSubscriptions'
  | 'eventDeliveries'
  | 'labels'
  | 'quickReplies'
type Deed = [action: string, method: string, address: () => Promise<string> | string, body?: object, as?: Person]
const idOf = async (name: AuditedCollection, filter: object) =>
  String((await gateway.store.raw[name].findOne({ tenantId, ...filter } as never))?._id)
const numberPath = async () => `/phone-numbers/${await idOf('clients', { phoneNumberId })}`
const contact = (i: number) => idOf('contacts', { waId: DEMO_CONTACTS[i]?.waId })
const message = async () => String((await gateway.store.raw.messages.findOne({ tenantId }))?._id)
const campaign = () => idOf('campaigns', { name: 'Audited' })

function bodyFrom(wamid: string): object {
  const message = { from: '212661009988', id: wamid, timestamp: '1795165200', type: 'text', text: { body: 'a' } }
  const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, messages: [message] }
  return webhookOf(value)
}

async function deadLetter(): Promise<string> {
  const messageId = `wamid.audit.${new Types.ObjectId()}`
  await storeDeadLetter(gateway.store, {
    tenantId,
    queue: DEAD_QUEUE,
    exchange: EXCHANGES.webhook,
    routingKey: 'conversation.0',
    type: MESSAGE_TYPE.webhook,
    reason: 'attempts used up',
    error: null,
    attempt: 6,
    messageId,
    payload: JSON.stringify(bodyFrom(messageId)),
    headers: {},
    createdAt: new Date(),
  })
  return String((await gateway.store.raw.deadLetters.findOne({ messageId }))?._id)
}

async function webhookEvent(): Promise<string> {
  const wamid = `wamid.audit.${new Types.ObjectId()}`
  const failed = { status: 'FAILED', attempts: 1, receivedAt: new Date(), payload: bodyFrom(wamid) }
  const kind = { tenantId, phoneNumberId, wabaId: '1', eventType: 'message', field: 'messages' }
  const _id = messageEventId(wamid)
  await gateway.store.raw.webhookEvents.insertOne({ _id, ...kind, ...failed } as never)
  return encodeURIComponent(_id)
}

/** A failed message to somebody who may be answered. */
async function failedMessage(): Promise<string> {
  const { raw } = gateway.store
  const to = { tenantId, 'contact.waId': DEMO_CONTACTS[2]?.waId, deletedAt: null }
  const update = { $set: { windowExpiresAt: new Date(Date.now() + DAY_MS) } }
  const conversation = await raw.conversations.findOneAndUpdate(to, update, { returnDocument: 'after' })
  if (conversation === null) throw new Error('no such conversation')
  const { _id: conversationId, clientId, contactId, phoneNumberId } = conversation
  const place = { tenantId, conversationId, clientId, contactId, phoneNumberId }
  const message = outbound(new Date(), { ...place, status: 'FAILED', error: platformError('expired') })
  await raw.messages.insertOne(message)
  return String(message._id)
}

const components = [{ type: 'BODY', text: 'Bonjour' }]
const template = (name: string) => idOf('templates', { name })
const recipients = [{ to: '+212661000101', variables: { candidateName: 'Salma' } }]

const person = () => idOf('users', { email: 'audited@example.com' })
const subscription = () => idOf('eventSubscriptions', { name: 'audited', deletedAt: null })
/** An event that the subscription has got. */
async function delivery(): Promise<string> {
  const _id = new Types.ObjectId()
  const about = { tenantId, subscriptionId: new Types.ObjectId(await subscription()), eventId: `e:${_id}`, orderingKey: 'a' }
  const row = { _id, ...about, type: 'message.received', seq: 1, at: new Date(), state: 'DELIVERED', isTest: false, body: '{}' }
  await gateway.store.models.eventDeliveries.create(row as never)
  return String(_id)
}
const apiKey = () => idOf('apiKeys', { name: 'audited', replacedBy: null })
const company = async () => String((await gateway.store.raw.tenants.findOne({ name: /^Audited/ }))?._id)
const founding = { name: 'Audited', adminEmail: 'founder@example.com', adminName: 'A' }

/** Every audited deed, in an order in which each finds what it needs. */
const DEEDS: Deed[] = [
  [
    'conversations.threadOwner',
    'PUT',
    async () =>
      `/conversations/${(await gateway.store.raw.conversations.findOne({ tenantId, 'contact.waId': DEMO_CONTACTS[1]?.waId }))?._id}/control`,
    { owner: 'other' },
  ],
  ['contacts.optOut', 'PATCH', async () => `/contacts/${await contact(0)}`, { optOut: true }],
  ['contacts.block', 'POST', async () => `/contacts/${await contact(0)}/block`],
  ['contacts.unblock', 'DELETE', async () => `/contacts/${await contact(0)}/block`],
  ['leads.delete', 'DELETE', async () => `/leads/${await idOf('leads', { deletedAt: null })}`],
  ['tenants.settings', 'PUT', () => '/settings', { maxWaitHours: 7 }],
  ['limits.write', 'PUT', () => '/limits', { messagesPerMinute: 50 }],
  ['clients.update', 'PATCH', async () => `/phone-numbers/${await idOf('clients', { phoneNumberId })}`, { companyName: 'New' }],
  ['clients.pause', 'POST', async () => `/phone-numbers/${await idOf('clients', { phoneNumberId })}/pause`, {}],
  ['clients.showPin', 'POST', async () => `/phone-numbers/${await idOf('clients', { phoneNumberId })}/pin`],
  ['clients.newPin', 'PUT', async () => `/phone-numbers/${await idOf('clients', { phoneNumberId })}/pin`],
  ['connections.begin', 'POST', () => '/auth/whatsapp/initiate', {}],
  ['clients.resume', 'POST', async () => `/phone-numbers/${await idOf('clients', { phoneNumberId })}/resume`, { force: true }],
  [
    'templates.create',
    'POST',
    () => '/templates',
    { name: 'audited', language: 'fr', category: 'UTILITY', components, submit: false },
  ],
  ['templates.create', 'POST', () => '/templates', { name: 'audited_at_meta', language: 'fr', category: 'UTILITY', components }],
  ['templates.update', 'PATCH', async () => `/templates/${await template('audited')}`, { category: 'MARKETING' }],
  ['templates.delete', 'DELETE', async () => `/templates/${await template('audited')}`],
  ['templates.sync', 'POST', () => '/templates/sync', {}],
  ['campaigns.create', 'POST', () => '/campaigns', { name: 'Audited', templateName: 'welcome', language: 'en_US', recipients }],
  ['campaigns.start', 'POST', async () => `/campaigns/${await campaign()}/start`, {}],
  ['campaigns.pause', 'POST', async () => `/campaigns/${await campaign()}/pause`, {}],
  ['campaigns.resume', 'POST', async () => `/campaigns/${await campaign()}/resume`, {}],
  ['campaigns.cancel', 'POST', async () => `/campaigns/${await campaign()}/cancel`, {}],
  ['campaigns.rerun', 'POST', async () => `/campaigns/${await campaign()}/rerun`, { name: 'Again' }],
  ['campaigns.delete', 'DELETE', async () => `/campaigns/${await idOf('campaigns', { name: 'Again' })}`],
  ['deadLetters.discard', 'POST', async () => `/dead-letters/${await deadLetter()}/discard`, { reason: 'of no use' }],
  ['deadLetters.replay', 'POST', async () => `/dead-letters/${await deadLetter()}/replay`, {}],
  ['deadLetters.replay', 'POST', async () => (await deadLetter()) && '/dead-letters/replay', { queue: DEAD_QUEUE }],
  ['webhookEvents.replay', 'POST', async () => `/webhook-events/${await webhookEvent()}/replay`, {}],
  [
    'clients.automaticAnswers',
    'PUT',
    async () => `/phone-numbers/${await idOf('clients', { phoneNumberId })}/automatic-answers`,
    { greeting: 'Welcome' },
  ],
  [
    'clients.automaticAnswers',
    'PATCH',
    async () => `/phone-numbers/${await idOf('clients', { phoneNumberId })}/automatic-answers`,
    { away: 'Closed' },
  ],
  [
    'clients.businessProfile',
    'PATCH',
    async () => `/phone-numbers/${await idOf('clients', { phoneNumberId })}/business-profile`,
    { about: 'Audited' },
  ],
  ['clients.username', 'PUT', async () => `${await numberPath()}/username`, { username: 'atlas.audited' }],
  ['clients.username', 'DELETE', async () => `${await numberPath()}/username`],
  ['clients.shortLink', 'POST', async () => `${await numberPath()}/short-links`, { prefilledMessage: 'Audited' }],
  ['clients.shortLink', 'PATCH', async () => `${await numberPath()}/short-links/AUDITED`, { prefilledMessage: 'Renamed' }],
  ['clients.shortLink', 'DELETE', async () => `${await numberPath()}/short-links/AUDITED`],
  ['clients.iceBreakers', 'PUT', async () => `${await numberPath()}/ice-breakers`, { prompts: ['Audited?'] }],
  ['messages.retry', 'POST', async () => `/messages/by-id/${await failedMessage()}/retry`, { acceptDuplicate: true }],
  ['labels.write', 'POST', () => '/labels', { name: 'Audited' }],
  ['labels.write', 'PATCH', async () => `/labels/${await idOf('labels', { name: 'Audited' })}`, { name: 'Renamed' }],
  ['labels.write', 'DELETE', async () => `/labels/${await idOf('labels', { name: 'Renamed' })}`],
  ['quickReplies.write', 'POST', () => '/quick-replies', { scope: 'account', shortcut: 'hi', title: 'Hello', text: 'Hello' }],
  ['quickReplies.write', 'PATCH', async () => `/quick-replies/${await idOf('quickReplies', { shortcut: 'hi' })}`, { text: 'Hi' }],
  ['quickReplies.write', 'DELETE', async () => `/quick-replies/${await idOf('quickReplies', { shortcut: 'hi' })}`],
  ['auditLog.export', 'GET', () => '/audit-log/export.csv'],
  ['contacts.exportAll', 'GET', () => '/contacts/export.csv'],
  ['contacts.export', 'GET', async () => `/contacts/${await contact(0)}/export`],
  ['messages.evidence', 'GET', async () => `/messages/by-id/${await message()}/evidence`],
  ['contacts.merge', 'POST', async () => `/contacts/${await contact(0)}/merge`, {}],
  ['contacts.erase', 'DELETE', async () => `/contacts/${await contact(1)}`],
  ['users.create', 'POST', () => '/users', { email: 'audited@example.com', name: 'A' }],
  ['users.update', 'PATCH', async () => `/users/${await person()}`, { name: 'B' }],
  ['users.secondFactor', 'DELETE', async () => `/users/${await person()}/second-factor`],
  ['users.link', 'POST', async () => `/users/${await person()}/link`],
  ['users.linkUsed', 'POST', () => '/auth/links/accept'],
  ['users.endSessions', 'DELETE', async () => `/users/${await person()}/sessions`],
  ['users.delete', 'DELETE', async () => `/users/${await person()}`],
  ['apiKeys.create', 'POST', () => '/api-keys', { name: 'audited', scopes: ['leads.read'] }],
  ['apiKeys.rotate', 'POST', async () => `/api-keys/${await apiKey()}/rotate`, {}],
  ['apiKeys.revoke', 'DELETE', async () => `/api-keys/${await apiKey()}`],
  ['subscriptions.create', 'POST', () => '/event-subscriptions', { name: 'audited', url: 'https://erp.example.com/linko' }],
  ['subscriptions.change', 'PATCH', async () => `/event-subscriptions/${await subscription()}`, { types: ['message.received'] }],
  ['subscriptions.rotateSecret', 'POST', async () => `/event-subscriptions/${await subscription()}/rotate-secret`, {}],
  ['subscriptions.test', 'POST', async () => `/event-subscriptions/${await subscription()}/test`],
  ['subscriptions.replayOne', 'POST', async () => `/event-deliveries/${await delivery()}/replay`],
  [
    'subscriptions.replay',
    'POST',
    async () => `/event-subscriptions/${await subscription()}/replay`,
    { from: '2026-01-01T00:00:00Z' },
  ],
  ['subscriptions.delete', 'DELETE', async () => `/event-subscriptions/${await subscription()}`],
  ['tenants.create', 'POST', () => '/tenants', founding, 'platform'],
  ['tenants.update', 'PATCH', async () => `/tenants/${await company()}`, { name: 'Audited anew' }, 'platform'],
  ['tenants.deactivate', 'DELETE', async () => `/tenants/${await company()}`, undefined, 'platform'],
  ['tenants.reactivate', 'POST', async () => `/tenants/${await company()}/reactivate`, undefined, 'platform'],
]

const giveSecondFactor = async () => {
  const secondFactor = { secret: 'v1:x', confirmedAt: new Date(), recoveryHashes: [], lastStep: 0 }
  await gateway.store.raw.users.updateOne({ email: 'audited@example.com' }, { $set: { secondFactor } })
}

/** Of the person who is audited. */
const linkToken = async () =>
  (await gateway.call('POST', `/api/v1/users/${await person()}/link`, { as: 'admin' })).body.token as string

/** A contact that may be merged: one without keys of its own. */
async function bodyOf([action, , , body]: Deed): Promise<object | undefined> {
  if (action === 'users.secondFactor') await giveSecondFactor()
  if (action === 'users.linkUsed') return { token: await linkToken(), password: 'correct horse battery staple' }
  if (action !== 'contacts.merge') return body
  const row = await gateway.store.models.contacts.create({
    tenantId,
    waId: null,
    userId: null,
    name: 'Nobody',
    phone: null,
  } as never)
  return { contactId: String(row._id) }
}

/** The number has a PIN of ours that nobody has seen. */
async function givePin(): Promise<void> {
  const client = await gateway.store.raw.clients.findOne({ phoneNumberId })
  if (client === null) throw new Error('no such number')
  const twoStepPin = sealPin(keyring, client, '123456')
  await gateway.store.raw.clients.updateOne({ phoneNumberId }, { $set: { twoStepPin } })
}

/** A campaign starts when its audience is checked, which is the sender's work. */
async function prepare(action: string): Promise<void> {
  if (action === 'clients.showPin') await givePin()
  if (action !== 'campaigns.start') return
  const audience = { 'audience.state': 'READY', 'audience.recipients': 1 }
  await gateway.store.raw.campaigns.updateOne({ tenantId, name: 'Audited' }, { $set: audience } as never)
}

test.for(DEEDS.map((deed, i) => [`${deed[0]} ${i}`, deed] as const))(
  'M8 %s is not done without its audit entry, and is done with it',
  async ([, deed]) => {
    const [action, method, addressOf, , as = 'admin'] = deed
    await prepare(action)
    const address = `/api/v1${await addressOf()}`
    const body = await bodyOf(deed)
    const before = await everything()
    await refuseEntries(true)
    const refused = await gateway.call(method, address, { as, body }).finally(() => refuseEntries(false))
    expect(refused.status).toBe(500)
    const after = await everything()
    for (const name of Object.keys(before)) expect([name, after[name]]).toEqual([name, before[name]])
    const since = new Types.ObjectId()
    const done = await gateway.call(method, address, { as, body })
    expect([done.status < 300, done.body]).toEqual([true, done.body])
    expect(await actionsSince(since)).toContain(action)
  },
)

test('M8 an import writes nothing without the entry that begins it', async () => {
  const put = (as: Person = 'admin') =>
    gateway.call('POST', '/api/v1/contacts/import', {
      as,
      body: 'phone,name\n+212661840099,Zineb\n',
      headers: { 'content-type': 'text/csv' },
    })
  const before = await gateway.store.raw.contacts.countDocuments()
  await refuseEntries(true)
  expect((await put().finally(() => refuseEntries(false))).status).toBe(500)
  expect(await gateway.store.raw.contacts.countDocuments()).toBe(before)
  const since = new Types.ObjectId()
  expect((await put()).status).toBe(200)
  expect(await actionsSince(since)).toEqual(['contacts.import', 'contacts.imported'])
})

test('M8 a token is not renewed without its audit entry', async () => {
  const { store, deps } = gateway
  const { events, meta, now } = deps
  const everyMs = { tokenEveryMs: DAY_MS, healthEveryMs: DAY_MS, templatesEveryMs: DAY_MS }
  const due = { nextTokenCheckAt: null, tokenExpiry: new Date(Date.now() + 3 * DAY_MS) }
  const tokenOf = async () => (await store.raw.clients.findOne({ phoneNumberId }))?.accessToken
  await store.raw.clients.updateOne({ phoneNumberId }, { $set: due })
  const first = await tokenOf()
  const ahead = () => new Date(now().getTime() + 55 * DAY_MS)
  const check = () => checkTokens({ store, events, meta, app: APP, version: 'v25.0', keyring, log, now: ahead, ...everyMs })
  await refuseEntries(true)
  await expect(check().finally(() => refuseEntries(false))).rejects.toThrow()
  expect(await tokenOf()).toBe(first)
  await store.raw.clients.updateOne({ phoneNumberId }, { $set: due })
  await check()
  await untilTrue(async () => (await tokenOf()) !== first)
  expect(await store.raw.auditLog.countDocuments({ action: 'clients.renewToken', tenantId })).toBe(1)
})

test('M8 a conversation of a user who left is not released without its audit entry', async () => {
  const { store, deps } = gateway
  const conversation = await store.raw.conversations.findOne({ tenantId })
  const left = { ...(await userByEmail(store, PEOPLE.agent)), _id: new Types.ObjectId(), email: 'left@example.com' }
  await store.raw.users.insertOne({ ...left, status: 'disabled' })
  const assignedTo = { id: left._id, name: left.name }
  await store.raw.conversations.updateOne({ _id: conversation?._id }, { $set: { assignedTo } })
  const round = () => releaseLeft({ store, events: deps.events, log, now: deps.now }, () => true)
  const assignee = async () => (await store.raw.conversations.findOne({ _id: conversation?._id }))?.assignedTo ?? null
  await refuseEntries(true)
  await expect(round().finally(() => refuseEntries(false))).rejects.toThrow()
  expect(await assignee()).toEqual(assignedTo)
  const since = new Types.ObjectId()
  expect(await round()).toBe(1)
  expect([await assignee(), await actionsSince(since)]).toEqual([null, ['conversations.release']])
})

test('[peers 73] the log is read by filters, page by page and as a CSV, by admins of the account alone', async () => {
  const get = (query: string, as: Person = 'admin') => gateway.call('GET', `/api/v1/audit-log${query}`, { as })
  const rows = await gateway.store.raw.auditLog.find({ tenantId }).sort({ at: -1, _id: -1 }).toArray()
  const whole = await get('?limit=100')
  expect([whole.status, whole.body.total]).toEqual([200, rows.length])
  expect(whole.body.data[0]).toMatchObject({
    id: String(rows[0]?._id),
    action: rows[0]?.action,
    actor: { kind: rows[0]?.actor.kind },
  })
  const ids: string[] = []
  for (let cursor = ''; ; ) {
    const { body } = await get(`?limit=7${cursor && `&cursor=${cursor}`}`)
    ids.push(...body.data.map(({ id }: { id: string }) => id))
    if (!body.hasMore) break
    cursor = body.nextCursor
  }
  expect(ids).toEqual(rows.map(({ _id }) => String(_id)))
  const total = async (query: string) => (await get(query)).body.total
  const admin = String((await userByEmail(gateway.store, PEOPLE.admin))._id)
  expect(await total('?action=templates')).toBe(rows.filter(({ action }) => action.startsWith('templates.')).length)
  expect(await total('?action=templates.create')).toBe(rows.filter(({ action }) => action === 'templates.create').length)
  expect(await total(`?actorId=${admin}`)).toBe(rows.filter(({ actor }) => String(actor.id) === admin).length)
  expect(await total('?kind=label')).toBe(rows.filter(({ object }) => object.kind === 'label').length)
  expect(await total(`?from=${rows[2]?.at.toISOString()}`)).toBe(rows.filter(({ at }) => at >= (rows[2]?.at as Date)).length)
  const csv = await get('/export.csv?action=labels')
  expect(csv.body.trim().split('\n')).toHaveLength(1 + rows.filter(({ action }) => action.startsWith('labels.')).length)
  expect((await get('', 'manager')).status).toBe(403)
  const { tenantId: others } = await userByEmail(gateway.store, PEOPLE.other)
  expect((await get('', 'other')).body.total).toBe(await gateway.store.raw.auditLog.countDocuments({ tenantId: others }))
})

test('M8 every action that the code writes into the audit log is among these', () => {
  const files = globSync('services/gateway/**/*.ts', { cwd: ROOT }).filter(file => !file.endsWith('.test.ts'))
  const sources = files
    .map(file => readFileSync(path.join(ROOT, file), 'utf8'))
    .filter(source => /audited|audit\(|recordAudit/.test(source))
  const named = new Set(
    sources.flatMap(source => [...source.matchAll(/action: '([a-zA-Z]+\.[a-zA-Z]+)'[,} ]/g)].map(match => match[1])),
  )
  const elsewhere = [
    ...['contacts.import', 'contacts.imported', 'clients.renewToken', 'conversations.release'],
    // When Meta refuses: business-profile.test.ts, username.test.ts, short-links.test.ts.
    ...['clients.businessProfileRefused', 'clients.usernameRefused', 'clients.shortLinkRefused', 'clients.iceBreakersRefused'],
    // The same: conversation-control.test.ts.
    'conversations.threadOwnerRefused',
    // By a step of a connection, which nobody asks for by itself: onboarding.test.ts kills it before and after.
    'clients.connect',
  ]
  const tried = new Set([...DEEDS.map(([action]) => action), ...elsewhere])
  // Routes name their actions in the same form; these write no entry, or one before the request is served.
  const others = ['tenants.any', 'templates.refused', 'users.locked']
  const audited = [...named].filter(action => !others.includes(action as string) && isAudited(action as string, sources))
  expect(audited.filter(action => !tried.has(action as string))).toEqual([])
})

/** Whether an action is written beside the object that it is about. */
const isAudited = (action: string, sources: string[]) =>
  sources.some(source => new RegExp(`action: '${action.replace('.', '\\.')}',?\\s*\\n?\\s*object`).test(source))
