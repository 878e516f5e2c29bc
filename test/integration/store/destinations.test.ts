import { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scopesOf } from '#shared/domain/contacts/user-ids.ts'
import type { ClientDoc, ContactDoc, ConversationDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { newContact, newConversation } from '#shared/model/new-rows.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { nextMessageId, rememberAccepted } from '#shared/store/inbox/accept.ts'
import { findDestinationIn, findDestinationWith } from '#shared/store/inbox/destinations.ts'
import { migrate } from '#shared/store/migrate.ts'
import { outboundIn } from '#test/support/outbound.ts'
import { createWorld } from '#test/support/world.ts'

const tenants = [newId(), newId()] as const
const [ours, theirs] = tenants.map(String) as [string, string]
const number = { _id: newId(), tenantId: tenants[0], phoneNumberId: 'p1' } as ClientDoc
const secondNumber = { _id: newId(), tenantId: tenants[0], phoneNumberId: 'p2' } as ClientDoc
const foreignNumber = { _id: newId(), tenantId: tenants[1], phoneNumberId: 'p3' } as ClientDoc
const stack = new AsyncDisposableStack()
let store: Store

beforeAll(async () => {
  const { mongodbUri } = stack.use(await createWorld())
  store = stack.use(await connectStore(mongodbUri))
  await migrate(store)
})
afterAll(() => stack.disposeAsync())

async function addContact(client: ClientDoc, keys: { waId?: string; userId?: string }, more: Partial<ContactDoc> = {}) {
  const person = { waId: null, userId: null, name: null, nameSource: null, ...keys }
  const contact = { ...newContact(client.tenantId, person, new Date()), ...more }
  await store.raw.contacts.insertOne(contact)
  return contact
}
async function addConversation(client: ClientDoc, contact: ContactDoc, more: Partial<ConversationDoc> = {}) {
  const conversation = { ...newConversation(client, contact, new Date()), ...more }
  await store.raw.conversations.insertOne(conversation)
  return conversation
}
const withPhone = (waId: string, tenantId = ours, client = number) =>
  findDestinationWith(store, tenantId, { clientId: client._id, waId, userId: null, scopes: scopesOf(client) })
const inConversation = ({ _id }: ConversationDoc, tenantId = ours) => findDestinationIn(store, tenantId, String(_id))

describe('a phone number', () => {
  test('names the contact that has exactly it, else the one that has its other form', async () => {
    const without = await addContact(number, { waId: '525512340001' })
    expect((await withPhone('5215512340001')).contact).toEqual(without)
    const exact = await addContact(number, { waId: '5215512340001' })
    const found = await Promise.all([withPhone('5215512340001'), withPhone('525512340001')])
    expect(found.map(({ contact }) => contact)).toEqual([exact, without])
  })

  test('of one moment is answered for each tenant and number from its own rows', async () => {
    const waId = '212661000900'
    const contact = await addContact(number, { waId })
    const conversations = [await addConversation(number, contact), await addConversation(secondNumber, contact)]
    const foreign = await addContact(foreignNumber, { waId })
    const found = await Promise.all([
      withPhone(waId),
      withPhone(waId, ours, secondNumber),
      withPhone(waId, theirs, foreignNumber),
      withPhone('212661000901'),
    ])
    expect(found).toEqual([
      { contact, conversation: conversations[0], lastUnfinished: null },
      { contact, conversation: conversations[1], lastUnfinished: null },
      { contact: foreign, conversation: null, lastUnfinished: null },
      { contact: null, conversation: null, lastUnfinished: null },
    ])
  })

  test('does not name a deleted contact, nor its conversation a deleted one', async () => {
    await addContact(number, { waId: '212661000910' }, { deletedAt: new Date() })
    const contact = await addContact(number, { waId: '212661000911' })
    await addConversation(number, contact, { deletedAt: new Date() })
    expect((await withPhone('212661000910')).contact).toBeNull()
    expect(await withPhone('212661000911')).toEqual({ contact, conversation: null, lastUnfinished: null })
  })
})

test('a user id names its contact, beside phone numbers of the same moment', async () => {
  const contact = await addContact(number, { userId: 'MA.900' })
  const conversation = await addConversation(number, contact)
  const byUserId = findDestinationWith(store, ours, {
    clientId: number._id,
    waId: null,
    userId: 'MA.900',
    scopes: scopesOf(number),
  })
  const [found, other] = await Promise.all([byUserId, withPhone('212661000920')])
  expect([found, other.contact]).toEqual([{ contact, conversation, lastUnfinished: null }, null])
})

test('a user id means somebody in the portfolio of its number alone, also beside an id in another', async () => {
  const [home, away] = [
    { ...number, portfolioId: 'p1' },
    { ...number, portfolioId: 'p2' },
  ]
  const ask = (client: ClientDoc, userId: string) =>
    findDestinationWith(store, ours, { clientId: client._id, waId: null, userId, scopes: scopesOf(client) })
  const one = await addContact(number, { userId: 'MA.910' }, { portfolio: 'p1' })
  const same = await addContact(number, { userId: 'MA.910' }, { portfolio: 'p2' })
  const both = await addContact(
    number,
    { userId: 'MA.911' },
    { portfolio: 'p1', otherUserIds: [{ portfolio: 'p2', userId: 'MA.912' }] },
  )
  const asked = [ask(home, 'MA.910'), ask(away, 'MA.910'), ask(home, 'MA.911'), ask(away, 'MA.911'), ask(away, 'MA.912')]
  expect((await Promise.all(asked)).map(({ contact }) => contact)).toEqual([one, same, both, null, both])
})

describe('a conversation', () => {
  test('is found with its contact, also a deleted one, by its own tenant', async () => {
    const contact = await addContact(number, { waId: '212661000930' }, { deletedAt: new Date() })
    const conversation = await addConversation(number, contact)
    const deleted = await addConversation(secondNumber, contact, { deletedAt: new Date() })
    const found = await Promise.all([
      inConversation(conversation),
      inConversation(conversation, theirs),
      inConversation(deleted),
      findDestinationIn(store, theirs, String(conversation._id).toUpperCase()),
      findDestinationIn(store, ours, String(conversation._id).toUpperCase()),
    ])
    const whole = { contact, conversation, lastUnfinished: null }
    expect(found).toEqual([whole, null, null, null, whole])
  })

  test('comes with its last unfinished message', async () => {
    const contact = await addContact(number, { waId: '212661000940' })
    const conversation = await addConversation(number, contact)
    const rows = ['1', '2', '3'].map(text => outboundIn(conversation, text))
    await store.raw.messages.insertMany(rows.toReversed())
    await store.raw.messages.updateOne({ _id: rows[2]?._id, tenantId: tenants[0] }, { $set: { dispatch: null } })
    const { _id, at, sendAt, createdAt } = rows[1] as (typeof rows)[number]
    const last = { _id, at, sendAt, createdAt }
    expect((await inConversation(conversation))?.lastUnfinished).toEqual(last)
    expect((await withPhone('212661000940')).lastUnfinished).toEqual(last)
  })

  test('gives ids behind what was read and behind what this process has accepted since', async () => {
    const conversation = await addConversation(number, await addContact(number, { waId: '212661000950' }))
    const next = (read: Parameters<typeof nextMessageId>[2]) => nextMessageId(store, conversation._id, read)
    expect(next(null).after).toBeNull()
    const message = outboundIn(conversation, 'a')
    const read = { ...message, _id: newId(), at: new Date(1) }
    // An id of another process, far ahead.
    const ahead = { ...message, _id: Types.ObjectId.createFromTime(Date.now() / 1000 + 60) }
    rememberAccepted(store, ahead)
    for (const seen of [null, read]) {
      const { _id, after } = next(seen)
      expect([String(_id) > String(ahead._id), after]).toEqual([true, message.at])
    }
    const first = next(null)
    rememberAccepted(store, { ...message, _id: first._id })
    const second = next(null)
    expect(String(second._id) > String(first._id)).toBe(true)
    expect(second._id.getTimestamp()).toEqual(first._id.getTimestamp())
  })
})
