import type { mongo } from 'mongoose'
import { Types } from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CollectionName, TENANT_COLLECTIONS } from '#shared/store/models.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE, type Person } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const SALMA = '212661000101' // her window is open
const stack = new AsyncDisposableStack()
let gateway: Gateway
let conversation: string
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  const { body } = await call('GET', '/conversations?q=salma')
  conversation = body.data[0].id
})
afterAll(() => stack.disposeAsync())

const call = (method: string, path: string, body?: unknown, as: Person = 'agent') =>
  gateway.call(method, `/api/v1${path}`, { as, body })
const idOf = async (person: Person) => String((await userByEmail(gateway.store, PEOPLE[person]))._id)
/** Who made a row and who changed it last. */
async function authorsOf(name: CollectionName, id: string): Promise<[string, string]> {
  const row = await (gateway.store.raw[name] as unknown as mongo.Collection).findOne({ _id: new Types.ObjectId(id) })
  return [String(row?.createdBy ?? null), String(row?.updatedBy ?? null)]
}

test('[SE-14] each change of a conversation names whoever made it', async () => {
  const [agent, manager] = [await idOf('agent'), await idOf('manager')]
  const changes: [string, object | undefined][] = [
    ['read', undefined],
    ['status', { status: 'closed' }],
    ['status', { status: 'open' }],
    ['labels', { labels: [] }],
    ['snooze', { until: null }],
    ['assign', { assignedToId: null }],
  ]
  for (const [what, body] of changes)
    for (const [as, id] of [
      ['agent', agent],
      ['manager', manager],
    ] as const) {
      if (what === 'assign' && as === 'agent') continue
      expect([what, (await call('PUT', `/conversations/${conversation}/${what}`, body, as)).status]).toEqual([what, 200])
      expect([what, (await authorsOf('conversations', conversation))[1]]).toEqual([what, id])
    }
  const { body } = await call('GET', '/conversations?unread=true')
  for (const address of ['/api/messages/conversation', '/api/conversations'])
    await gateway.call('PATCH', `${address}/${body.data[0].id}/read`, { as: 'agent' })
  expect((await authorsOf('conversations', body.data[0].id))[1]).toBe(agent)
})

test('[SE-14] a message names whoever sent, changed, cancelled or repeated it, and its conversation who began it', async () => {
  const [agent, manager] = [await idOf('agent'), await idOf('manager')]
  const sent = (await call('POST', '/messages/send', { to: SALMA, text: 'a' })).body
  expect(await authorsOf('messages', sent.id)).toEqual([agent, 'null'])
  await gateway.store.raw.messages.updateOne(
    { _id: new Types.ObjectId(String(sent.id)) },
    { $set: { status: 'FAILED', 'dispatch.state': null, error: { code: 131026, source: 'meta' } as never } },
  )
  expect((await call('POST', `/messages/by-id/${sent.id}/retry`, {}, 'manager')).status).toBe(202)
  expect(await authorsOf('messages', sent.id)).toEqual([agent, manager])

  const sendAt = new Date(Date.now() + 3_600_000).toISOString()
  const later = (await call('POST', '/messages/send', { to: SALMA, text: 'b', sendAt })).body.id
  expect((await call('PATCH', `/messages/scheduled/${later}`, { content: { text: 'c' } }, 'manager')).status).toBe(200)
  expect(await authorsOf('messages', later)).toEqual([agent, manager])
  expect((await call('DELETE', `/messages/scheduled/${later}`, undefined, 'admin')).status).toBe(200)
  expect(await authorsOf('messages', later)).toEqual([agent, await idOf('admin')])

  const template = { templateName: 'welcome', language: 'en_US', variables: ['Amal'] }
  const begun = (await call('POST', '/messages/send-template', { to: '212662000001', ...template })).body.conversationId
  expect(await authorsOf('conversations', begun)).toEqual([agent, 'null'])
  await call('POST', '/messages/send-template', { to: '212662000001', ...template, candidateName: 'Amal' }, 'manager')
  expect(await authorsOf('conversations', begun)).toEqual([agent, manager])
})

/** Rows that nobody changes by hand: of webhooks, jobs, sessions, files and counters. Links and files have `createdBy` alone. */
const WITHOUT_AUTHORS: readonly CollectionName[] = [
  'accountLinks',
  'analyticsCells',
  'analyticsStates',
  'auditLog',
  'campaignRecipients',
  'closings',
  'countedMessages',
  'deadLetters',
  'discardedFiles',
  'erasures',
  'eventDeliveries',
  'events',
  'idempotencyKeys',
  'mediaFiles',
  'mediaUploads',
  'pushSubscriptions',
  'refreshTokens',
  'templateSyncs',
  'webhookEvents',
]

test('[SE-14] rows that people make or change have fields for it', () => {
  const without = TENANT_COLLECTIONS.filter(name => {
    const paths = Object.keys(gateway.store.models[name].schema.paths)
    return !paths.includes('createdBy') || !paths.includes('updatedBy')
  })
  expect(without.toSorted()).toEqual(WITHOUT_AUTHORS.toSorted())
})
