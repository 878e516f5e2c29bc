import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { acceptText } from '#services/gateway/messages/sends.ts'
import type { Caller } from '#shared/http/route.ts'
import type { ContactDoc, ConversationDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { newContact, newConversation } from '#shared/model/new-rows.ts'
import type { SentCommand } from '#shared/store/connect.ts'
import { findPrimaryClient } from '#shared/store/numbers/clients.ts'
import { untilPasses } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const PEOPLE_COUNT = 20
const stack = new AsyncDisposableStack()
const commands: SentCommand[] = []
let gateway: Gateway
let caller: Caller
let people: { conversation: ConversationDoc; contact: ContactDoc }[]

beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld()), {}, command => commands.push(command)))
  const { _id, tenantId, role, name, email } = await userByEmail(gateway.store, PEOPLE.agent)
  const own = String(tenantId)
  caller = { kind: 'user', id: String(_id), tenantId: own, homeTenantId: own, role, name, email, may: () => true }
  people = await createPeople(own)
})
afterAll(() => stack.disposeAsync())
beforeEach(() => {
  commands.length = 0
})

/** People of the tenant with open windows. */
async function createPeople(tenantId: string) {
  const { store } = gateway
  const client = await findPrimaryClient(store, tenantId)
  if (client === null) throw new Error('the tenant has no number')
  const now = new Date()
  const windowExpiresAt = new Date(now.getTime() + 3_600_000)
  const rows = Array.from({ length: PEOPLE_COUNT }, (_, i) => {
    const keys = { waId: String(212_665_000_000 + i), userId: null, name: null, nameSource: null }
    const contact = newContact(client.tenantId, keys, now, newId())
    return { contact, conversation: { ...newConversation(client, contact, now), windowExpiresAt } }
  })
  await store.raw.contacts.insertMany(rows.map(({ contact }) => contact))
  await store.raw.conversations.insertMany(rows.map(({ conversation }) => conversation))
  return rows
}

/** Texts of one moment, without the way through HTTP. */
async function acceptTogether(recipients: readonly ({ conversationId: string } | { to: string })[]) {
  const accept = (recipient: (typeof recipients)[number]) =>
    acceptText({ caller, body: { ...recipient, text: 'a' }, headers: {}, traceparent: '' }, gateway.deps)
  return await Promise.all(recipients.map(accept))
}
const conversationIds = () => people.map(({ conversation }) => ({ conversationId: String(conversation._id) }))
const numbers = () => people.map(({ contact }) => ({ to: `+${contact.waId}` }))

/** Commands about what is not kept in memory for a moment, as tenants, users and numbers are. */
const shown = () =>
  commands
    .filter(({ collection }) => !['tenants', 'users', 'clients'].includes(collection ?? ''))
    .map(({ name, collection }) => `${name} ${collection}`)

test('a text to a known conversation takes one read and one insert, the way through HTTP included', async () => {
  const token = await gateway.tokenFor('agent')
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ ...conversationIds()[0], text: 'a' })
  const send = async () => (await fetch(`${gateway.url}/api/v1/messages/send`, { method: 'POST', headers, body })).status
  // Warm for a second: on a slow machine the first request may be too long ago.
  await untilPasses(async () => {
    expect(await send()).toBe(202)
    commands.length = 0
    expect(await send()).toBe(202)
    expect(commands.map(({ name, collection }) => `${name} ${collection}`)).toEqual([
      'aggregate conversations',
      'insert messages',
    ])
  })
})

test.for([
  ['conversations', conversationIds, 'aggregate conversations'],
  ['phone numbers', numbers, 'aggregate contacts'],
] as const)('texts to many %s at one moment share the read and the insert', async ([, recipients, read]) => {
  await acceptTogether(recipients().slice(0, 1))
  commands.length = 0
  const replies = await acceptTogether(recipients())
  expect(replies.map(({ status }) => status)).toEqual(Array(PEOPLE_COUNT).fill(202))
  expect(shown()).toEqual([read, 'insert messages'])
})

test('texts to one conversation at one moment share the read; they are stored one after the other', async () => {
  const [recipient] = conversationIds()
  const replies = await acceptTogether(Array(5).fill(recipient))
  expect(shown()).toEqual(['aggregate conversations', ...Array(5).fill('insert messages')])
  const ids = replies.map(({ body }) => (body as { id: string }).id)
  expect(ids).toEqual(ids.toSorted())
})
