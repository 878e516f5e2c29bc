import { Types } from 'mongoose'
import { describe, expect } from 'vitest'
import type { ContactDoc, Dispatch, Fallback, MessageDoc, TemplateDoc } from '#shared/model/documents.ts'
import { newContact } from '#shared/model/new-rows.ts'
import { sendJobFor } from '#shared/store/dispatch/take.ts'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { type MessageChanges, openSenderWorld, type SenderWorld, startMeta } from '#test/support/worlds/sender.ts'

const OFFER = { name: 'offer', language: 'fr' }
const NEWS = { name: 'news', language: 'fr' }
/** A busy machine makes no outcome unknown. */
const PATIENT = { callTimeoutMs: 60_000, unknownDeadlineMs: 300_000 }
const past = (ms = 1000) => new Date(Date.now() - ms)

/** A template as the gateway stores it. */
const named = (template: { name: string; language: string }) => ({
  type: 'template',
  content: { text: 'Bonjour', media: null, template: { ...template, variables: {} }, data: null },
  payload: { type: 'template', template: { name: template.name, language: { code: template.language } } },
})

const due = (reason: Dispatch['reason'], nextStepAt: Date | null = past()): MessageChanges => ({
  dispatch: { state: 'WAITING', reason, nextStepAt },
})

/** Where a message may stand when somebody decides against it. */
const STANDING: Record<string, MessageChanges> = {
  queued: {},
  'waiting for the rate': due('rate'),
  'waiting for the pair limit': due('pair'),
  'waiting behind a pause': due('paused', null),
  'scheduled, and due': { ...due('scheduled'), sendAt: past() },
  'waiting for its retry': { dispatch: { state: 'WAITING', reason: 'retry', nextStepAt: past(), attempt: 1 } },
  'released by a campaign': { dispatch: { priority: 'campaign' } },
}

const block = { at: past(), by: new Types.ObjectId(), problem: null, nextAt: past() }
const DECISIONS: [string, Partial<ContactDoc>, MessageChanges, string][] = [
  ['a blocked person', { block: { ...block, state: 'PENDING' } }, {}, 'Contact blocked'],
  ['a blocked person, by a template', { block: { ...block, state: 'DONE' } }, named(NEWS), 'Contact blocked'],
  ['somebody who opted out', { optOut: true }, named(OFFER), 'Opted out of marketing'],
  ['anybody by a withdrawn template', {}, named({ name: 'gone', language: 'fr' }), 'Template not available'],
]
const ALLOWED: [Partial<ContactDoc>, MessageChanges][] = [
  [{}, {}],
  [{ block: { ...block, state: 'LIFTING' } }, {}],
  [{ optOut: true }, {}],
  [{ optOut: true }, named(NEWS)],
  [{}, named(OFFER)],
]

async function addTemplates({ store, tenantId, client }: SenderWorld): Promise<void> {
  const add = (place: typeof OFFER, fields: Partial<TemplateDoc>) =>
    store.models.templates.create({ tenantId, wabaId: client.wabaId, ...place, status: 'APPROVED', components: [], ...fields })
  await add(OFFER, { category: 'MARKETING' })
  await add(NEWS, { category: 'UTILITY' })
  await add({ name: 'gone', language: 'fr' }, { category: 'UTILITY', status: 'PAUSED' })
  // The same name in another account of the tenant says nothing about this one.
  await add({ name: 'gone', language: 'fr' }, { category: 'UTILITY', wabaId: '1' })
}

const over = ({ status }: MessageDoc) => status === 'FAILED' || status === 'SENT'

describe('what somebody decides after the acceptance holds wherever the message stands', () => {
  test.for(Object.entries(STANDING))('[MS-15] %s: nothing goes out, and the row says why', async ([, standing], { world }) => {
    await using meta = await startMeta()
    await using w = await openSenderWorld(world, meta.url)
    await addTemplates(w)
    const add = async (person: Partial<ContactDoc>, written: MessageChanges) =>
      w.messageIn(await w.addConversation({}, person), { ...standing, ...written })
    const refused = await Promise.all(DECISIONS.map(([, person, written]) => add(person, written)))
    const allowed = await Promise.all(ALLOWED.map(([person, written]) => add(person, written)))
    await w.insert([...refused, ...allowed])
    await using sender = await w.startSender(PATIENT)
    for (const message of [...refused, ...allowed]) await w.until(message, over)
    await sender.idle()
    const rows = await Promise.all(refused.map(w.get))
    expect(rows.map(({ status, error }) => [status, error?.title])).toEqual(DECISIONS.map(([, , , title]) => ['FAILED', title]))
    expect(rows.flatMap(({ timeline }) => timeline.filter(({ kind }) => kind === 'attempt'))).toEqual([])
    for (const row of rows) expect(row.error?.source).toBe('platform')
    const sent = await Promise.all(allowed.map(w.get))
    expect(sent.map(({ status, error }) => [status, error?.title])).toEqual(ALLOWED.map(() => ['SENT', undefined]))
    expect(meta.posts.map(({ to }) => to).toSorted()).toEqual(sent.map(({ contactKey }) => `+${contactKey}`).toSorted())
  })

  test('[MS-15] the fallback template of a text whose window has closed', async ({ world }) => {
    await using meta = await startMeta()
    await using w = await openSenderWorld(world, meta.url)
    await addTemplates(w)
    const unused = { usedAt: null, because: null, instead: null, unsettled: null }
    const cost = { amount: 0.4, currency: 'MAD', category: 'marketing' }
    const { content, payload } = named(OFFER)
    const template = { id: new Types.ObjectId(), ...OFFER, category: 'MARKETING' as const }
    const fallback: Fallback = { template, content, payload, cost, ...unused }
    const closed = { windowExpiresAt: past() }
    const refused = w.messageIn(await w.addConversation(closed, { optOut: true }), { fallback })
    const allowed = w.messageIn(await w.addConversation(closed), { fallback })
    await w.insert([refused, allowed])
    await using _sender = await w.startSender(PATIENT)
    expect(await w.until(refused, over)).toMatchObject({ status: 'FAILED', error: { title: 'Opted out of marketing' } })
    expect(await w.until(allowed, over)).toMatchObject({ status: 'SENT', type: 'template' })
    expect(meta.posts.map(({ to }) => to)).toEqual([`+${allowed.contactKey}`])
  })

  test('[MS-15] a template that is withdrawn while its number is paused waits with the rest until the resume', async ({
    world,
  }) => {
    await using meta = await startMeta()
    await using w = await openSenderWorld(world, meta.url, { status: 'paused', pauseReason: 'payment' })
    await addTemplates(w)
    const message = w.messageIn(await w.addConversation(), named({ name: 'gone', language: 'fr' }))
    await w.send([message])
    await using _sender = await w.startSender(PATIENT)
    await w.until(message, ({ dispatch }) => dispatch?.reason === 'paused')
    const { tenantId, client } = w
    await w.store.raw.templates.updateMany({ tenantId, wabaId: client.wabaId }, { $set: { status: 'APPROVED' } })
    await w.store.raw.clients.updateOne({ tenantId, _id: client._id }, { $set: { status: 'active', pauseReason: null } })
    expect((await w.until(message, over)).status).toBe('SENT')
  })
})

test('[MS-15] a person merged into another is judged by the one that is left, and so is a job of an older version', async ({
  world,
}) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const { tenantId } = w
  const kept = newContact(tenantId, { waId: '212611111111', userId: null, name: null, nameSource: null }, new Date())
  await w.store.raw.contacts.insertOne({ ...kept, block: { ...block, state: 'DONE' } })
  const conversation = await w.addConversation({}, { waId: null, deletedAt: new Date(), joinedWith: kept._id })
  const moved = w.messageIn({ ...conversation, contactId: kept._id })
  const old = w.messageIn(await w.addConversation({}, { block: { ...block, state: 'DONE' } }))
  await w.insert([moved, old])
  const publish = (message: MessageDoc, changes: object) =>
    w.publish({ ...sendJobFor(message), ...changes }, message.dispatch?.priority ?? 'chat')
  await publish(moved, { contactId: String(conversation.contactId) })
  await publish(old, { contactId: undefined, templateName: undefined, templateLanguage: undefined })
  await using _sender = await w.startSender(PATIENT)
  for (const message of [moved, old])
    expect(await w.until(message, over)).toMatchObject({ status: 'FAILED', error: { title: 'Contact blocked' } })
  await untilTrue(async () => (await w.store.raw.messages.countDocuments({ tenantId, dispatch: { $ne: null } })) === 0)
  expect(meta.posts).toEqual([])
})
