import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import { routes } from '#services/gateway/routes.ts'
import type { Id, MessageDoc } from '#shared/model/documents.ts'
import { createWorld } from '#test/support/world.ts'
import { type Answer, type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const { phoneNumberId } = DEMO_TENANTS.demo
const SALMA = '212661000101' // her window is open
const APP_ID = '918273645500112'
const APP_SECRET = 'secret-of-the-app-of-this-test'
const SPARE_WABA = '330300670099887'
const PASSWORD = 'correct horse battery staple'
const stack = new AsyncDisposableStack()
let gateway: Gateway
let simulator: Simulator
let tenantId: Id
let ids: { conversation: string; lead: string; campaign: string; message: string; template: string }

beforeAll(async () => {
  simulator = stack.use(await createSimulator({ reviewMs: 3_600_000, appId: APP_ID, appSecret: APP_SECRET }))
  const env = { META_GRAPH_URL: simulator.url, META_APP_ID: APP_ID, META_APP_SECRET: APP_SECRET }
  gateway = stack.use(await openGateway(stack.use(await createWorld()), env))
  tenantId = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
  const { raw } = gateway.store
  const body = (answer: Answer) => answer.body
  const [thread] = body(await call('GET', '/api/v1/conversations?q=salma')).data
  const { id: lead } = body(await call('POST', '/api/v1/leads', { name: 'Of before' }))
  const draft = { name: 'Of before', templateName: 'welcome', language: 'en_US' }
  const { id: campaign } = body(await call('POST', '/api/v1/campaigns', draft))
  await raw.campaigns.updateOne({ _id: new Types.ObjectId(String(campaign)) }, { $set: { status: 'DONE' } })
  const { id: message } = body(await call('POST', '/api/v1/messages/send', { to: SALMA, text: 'fails' }))
  const template = await raw.templates.findOne({ tenantId, name: 'application_received', status: 'APPROVED' })
  ids = { conversation: thread.id, lead, campaign, message, template: String(template?._id) }
})
afterAll(() => stack.disposeAsync())

function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  as: Person = 'admin',
): Promise<Answer> {
  return gateway.call(method, path, { as, body, headers })
}

const AIDS = ['labels', 'quickReplies', 'savedViews'] as const
const COUNTED = [
  'messages',
  'notes',
  'leads',
  'contacts',
  'campaigns',
  'templates',
  'mediaFiles',
  'connections',
  'users',
  'apiKeys',
  'eventSubscriptions',
  ...AIDS,
] as const
type Counted = (typeof COUNTED)[number]

interface Creation {
  path?: string
  body: unknown
  headers?: Record<string, string>
  /** Who asks; the admin of the account by default. */
  as?: Person
  /** What is one more after it. Retried messages are counted by the notes in their timeline, links while they work, secrets over all subscriptions. */
  creates: Partial<Record<Counted | 'tenants' | 'links' | 'retries' | 'submitted' | 'secrets' | 'shortLinks', number>>
}

let people = 212663900000
const stranger = () => `+${++people}`
const text =
  (to: object = { to: SALMA }, creates = {}) =>
  () => ({ body: { ...to, text: 'once' }, creates: { messages: 1, ...creates } })
const newTemplate = (name: string) => ({
  name: `${name}_${++people}`,
  language: 'fr',
  category: 'UTILITY',
  body: `Bonjour de la part de ${name} ${people}`,
})

const byToken = () => ({
  body: { accessToken: simulator.token({ wabaIds: [SPARE_WABA] }).token, wabaId: SPARE_WABA },
  creates: { connections: 1 },
})

const email = () => `once-${++people}@example.com`
const newUser = () => ({ body: { email: email(), name: 'Once' }, creates: { users: 1, links: 1 } })
const newSubscription = () => ({ name: 'Once', url: 'https://erp.example.com/linko' })
const newKey = () => ({ name: 'Once', scopes: ['contacts.read'] })

/** The id of what a request to another route has just created. */
async function made(path: string, body: object): Promise<string> {
  const answer = await call('POST', path, body)
  expect(answer.status).toBe(201)
  return answer.body.id
}

/** A request to each route that creates something. */
const CREATIONS: Record<string, () => Creation | Promise<Creation>> = {
  'POST /api/v1/messages/send': text(),
  'POST /api/v1/messages/text': text(),
  'POST /api/v1/messages': () => ({ body: { to: SALMA, type: 'text', text: { body: 'a' } }, creates: { messages: 1 } }),
  'POST /api/v1/messages/send-template': () => ({
    body: {
      to: stranger(),
      templateName: 'application_received',
      language: 'fr',
      variables: { candidateName: 'A', jobTitle: 'B' },
    },
    creates: { messages: 1, contacts: 1 },
  }),
  'POST /api/v1/messages/template': () => ({
    body: { to: stranger(), candidateName: 'Amal', jobTitle: 'Comptable' },
    creates: { messages: 1, contacts: 1 },
  }),
  'POST /api/v1/messages/by-id/{id}/retry': () => ({
    path: `/api/v1/messages/by-id/${ids.message}/retry`,
    body: {},
    creates: { retries: 1 },
  }),
  'POST /api/messages/text': text(),
  'POST /api/messages/template': () => ({
    body: { to: stranger(), candidateName: 'Amal', jobTitle: 'Comptable' },
    creates: { messages: 1, contacts: 1 },
  }),
  'POST /api/messages/send': () => ({
    body: { clientId: DEMO_TENANTS.demo.phoneNumberId, candidatePhone: SALMA, message: 'a' },
    creates: { messages: 1 },
  }),
  'POST /api/integrations/whatsapp/send': text({ toPhone: SALMA }),
  'POST /api/integrations/whatsapp/templates/send': () => ({
    body: { toPhone: stranger(), templateId: ids.template, variables: { 1: 'A', 2: 'B' } },
    creates: { messages: 1, contacts: 1 },
  }),
  'POST /api/v1/conversations/{id}/notes': () => ({
    path: `/api/v1/conversations/${ids.conversation}/notes`,
    body: { text: 'once' },
    creates: { notes: 1 },
  }),
  'POST /api/v1/labels': () => ({ body: { name: `Once ${++people}` }, creates: { labels: 1 } }),
  'POST /api/v1/quick-replies': () => ({
    body: { shortcut: `once-${++people}`, title: 'Once', text: 'once' },
    creates: { quickReplies: 1 },
  }),
  'POST /api/v1/views': () => ({ body: { name: `Once ${++people}`, query: { unread: true } }, creates: { savedViews: 1 } }),
  'POST /api/v1/leads': () => ({ body: { name: 'Once', phone: stranger() }, creates: { leads: 1 } }),
  'POST /api/v1/leads/{id}/notes': () => ({
    path: `/api/v1/leads/${ids.lead}/notes`,
    body: { content: 'once' },
    creates: { notes: 1 },
  }),
  'POST /api/v1/contacts': () => ({ body: { phone: stranger(), name: 'Once' }, creates: { contacts: 1 } }),
  'POST /api/v1/campaigns': () => ({
    body: { name: 'Once', templateName: 'welcome', language: 'en_US', recipients: [{ to: stranger() }] },
    creates: { campaigns: 1 },
  }),
  'POST /api/v1/campaigns/{id}/rerun': () => ({
    path: `/api/v1/campaigns/${ids.campaign}/rerun`,
    body: {},
    creates: { campaigns: 1 },
  }),
  'POST /api/v1/templates': () => ({ body: newTemplate('own'), creates: { templates: 1, submitted: 1 } }),
  'POST /api/templates': () => ({ body: newTemplate('linkojob'), creates: { templates: 1, submitted: 1 } }),
  'POST /api/integrations/whatsapp/templates': () => {
    const { body: given, ...template } = newTemplate('crm')
    return { body: { ...template, componentsJson: { body: [{ type: 'text', text: given }] } }, creates: { templates: 1 } }
  },
  'POST /api/v1/tenants/embedded-signup': () => ({
    body: { code: simulator.code({ wabaIds: [SPARE_WABA] }).code },
    creates: { connections: 1 },
  }),
  'POST /api/v1/phone-numbers': byToken,
  'POST /api/v1/phone-numbers/{id}/short-links': async () => ({
    path: `/api/v1/phone-numbers/${(await gateway.store.raw.clients.findOne({ tenantId, phoneNumberId }))?._id}/short-links`,
    body: { prefilledMessage: `Once ${++people}` },
    creates: { shortLinks: 1 },
  }),
  'POST /api/clients': byToken,
  'POST /api/v1/clients': () => ({ body: { companyName: 'Once' }, creates: { connections: 1 } }),
  'POST /api/v1/users': newUser,
  'POST /api/v1/auth/register': newUser,
  'POST /api/v1/users/{id}/link': async () => {
    const id = await made('/api/v1/users', { email: email(), name: 'Once', password: PASSWORD })
    return { path: `/api/v1/users/${id}/link`, body: undefined, creates: { links: 1 } }
  },
  'POST /api/v1/api-keys': () => ({ body: newKey(), creates: { apiKeys: 1 } }),
  'POST /api/v1/api-keys/{id}/rotate': async () => {
    const id = await made('/api/v1/api-keys', newKey())
    return { path: `/api/v1/api-keys/${id}/rotate`, body: {}, creates: { apiKeys: 1 } }
  },
  'POST /api/v1/event-subscriptions': () => ({ body: newSubscription(), creates: { eventSubscriptions: 1, secrets: 1 } }),
  'POST /api/v1/event-subscriptions/{id}/rotate-secret': async () => {
    const id = await made('/api/v1/event-subscriptions', newSubscription())
    return { path: `/api/v1/event-subscriptions/${id}/rotate-secret`, body: {}, creates: { secrets: 1 } }
  },
  'POST /api/v1/tenants': () => ({
    body: { name: 'Once', adminEmail: email(), adminName: 'Once' },
    as: 'platform',
    creates: { tenants: 1 },
  }),
  'POST /api/v1/media': () => ({
    path: '/api/v1/media?filename=once.txt',
    body: 'the file',
    headers: { 'content-type': 'text/plain' },
    creates: { mediaFiles: 1 },
  }),
}

/** What stands at Meta. */
const atMeta = () => ({
  submitted: simulator.sim.world.templates.size,
  shortLinks: simulator.sim.world.numbers.get(phoneNumberId)?.shortLinks.size ?? 0,
})

async function counts(): Promise<Record<string, number>> {
  const { raw } = gateway.store
  const rows = await Promise.all(COUNTED.map(async name => [name, await raw[name].countDocuments({ tenantId })] as const))
  const retried = (await raw.messages.findOne({ _id: new Types.ObjectId(ids.message) })) as MessageDoc
  const retries = retried.timeline.filter(({ detail }) => detail?.startsWith('sent again by')).length
  const links = await raw.accountLinks.countDocuments({ tenantId, usedAt: null, revokedAt: null })
  const tenants = await raw.tenants.countDocuments()
  const subscriptions = await raw.eventSubscriptions.find({ tenantId }).toArray()
  const secrets = subscriptions.reduce((sum, subscription) => sum + subscription.secrets.length, 0)
  return { ...Object.fromEntries(rows), tenants, links, retries, secrets, ...atMeta() }
}
const more = (before: Record<string, number>, after: Record<string, number>) =>
  Object.fromEntries(Object.entries(after).flatMap(([name, n]) => (n === before[name] ? [] : [[name, n - (before[name] ?? 0)]])))

/** Fails the message that the route for retries is about, if it is about that one. */
async function failMessage(): Promise<void> {
  const error = { code: 131026, title: 'T', detail: null, sentence: 'S', nextStep: 'N', source: 'meta' as const }
  const $set = { status: 'FAILED' as const, dispatch: null, error }
  await gateway.store.raw.messages.updateOne({ _id: new Types.ObjectId(ids.message), tenantId }, { $set })
}

/** While it runs, nothing reaches the rows of keys but a reservation: as if the process ended after its work. */
async function dyingBeforeItsAnswer<T>(work: () => Promise<T>): Promise<T> {
  const model = gateway.store.models.idempotencyKeys as unknown as Record<string, unknown>
  const own = ['updateOne', 'deleteOne'] as const
  const gone = () => Promise.reject(Object.assign(new Error('gone'), { name: 'MongoNetworkError' }))
  for (const name of own) model[name] = gone
  try {
    return await work()
  } finally {
    for (const name of own) delete model[name]
    await gateway.store.raw.idempotencyKeys.updateMany({ status: null }, { $set: { heldUntil: new Date(0) } })
  }
}

const creating = routes.filter(({ idempotent }) => idempotent).map(({ method, path }) => `${method.toUpperCase()} ${path}`)

test('there is a request for each route that takes an Idempotency-Key, and each that answers 201 takes one', () => {
  expect(Object.keys(CREATIONS).toSorted()).toEqual(creating.toSorted())
  expect(routes.filter(({ status, idempotent }) => status === 201 && !idempotent).map(({ path }) => path)).toEqual([])
})

describe.for(creating)('%s', route => {
  let attempts = 0
  async function begin() {
    await failMessage()
    const creation = await (CREATIONS[route] as () => Creation | Promise<Creation>)()
    const { path = route.slice(route.indexOf(' ') + 1), body, headers, as, creates } = creation
    const key = `${route}-${++attempts}`.replaceAll(/[^\x21-\x7e]/g, '-')
    return { creates, before: await counts(), ask: () => call('POST', path, body, { ...headers, 'idempotency-key': key }, as) }
  }

  test('[F7] creates one thing when the process dies between its work and its answer', async () => {
    const { creates, before, ask } = await begin()
    const first = await dyingBeforeItsAnswer(ask)
    expect([Math.floor(first.status / 100), first.body.errorCode]).toEqual([5, 'UNAVAILABLE'])
    const second = await ask()
    expect([Math.floor(second.status / 100), second.body.errorCode]).toEqual([2, undefined])
    expect(more(before, await counts())).toEqual(creates)
    expect((await ask()).body).toEqual(second.body)
    expect(more(before, await counts())).toEqual(creates)
  })

  test('creates one thing when the answer is lost, and when two ask at once', async () => {
    const { creates, before, ask } = await begin()
    const answers = await Promise.all([ask(), ask()])
    answers.push(await ask())
    expect(answers.flatMap(({ status, body }) => (status < 300 ? [] : [[status, body.errorCode, body.detail]]))).toEqual([])
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(more(before, await counts())).toEqual(creates)
  })
})

test('[F39] a reservation counts by the clock of MongoDB, whatever this process believes', async () => {
  const own = { tenantId, key: 'clock' }
  const asked = () => call('POST', '/api/v1/leads', { name: 'Clock' }, { 'idempotency-key': 'clock' })
  await dyingBeforeItsAnswer(asked)
  // Held for another minute by MongoDB's clock; this process is ten minutes ahead.
  await gateway.store.raw.idempotencyKeys.updateOne(own, { $set: { heldUntil: new Date(Date.now() + 60_000) } })
  const realNow = Date.now
  Date.now = () => realNow() + 600_000
  try {
    const answer = await asked()
    expect([answer.status, answer.body.errorCode]).toEqual([409, 'IN_PROGRESS'])
  } finally {
    Date.now = realNow
  }
})
