import { expect } from 'vitest'
import type { AuditLogDoc } from '#shared/model/documents.ts'
import { untilPasses } from '#test/support/until.ts'
import { test, type World } from '#test/support/world.ts'
import { openQueue, openStore } from '#test/support/worlds/ingest.ts'
import { connectClient, publishEvent, startNode, tokenOf, userByEmail } from '#test/support/worlds/realtime.ts'

const PEOPLE = ['admin', 'demo', 'manager', 'agent'] as const

async function open(world: World) {
  const store = await openStore(world)
  const user = (name: string) => userByEmail(store, `${name}@whatsapp-saas.com`)
  const [platform, stranger] = [await user('admin'), await user('other')]
  const node = await startNode(world, store)
  const lines = async (): Promise<AuditLogDoc[]> =>
    (await store.raw.auditLog.find({ action: 'tenants.any', 'object.kind': 'socket' }).toArray()) as AuditLogDoc[]
  return { store, user, platform, stranger, node, lines, own: String(platform.tenantId), other: String(stranger.tenantId) }
}

test('[AU-08] [AU-13] only a platform admin is let into another organisation, which leaves a line in its audit log', async ({
  world,
}) => {
  const { user, platform, node, lines, own, other } = await open(world)
  for (const name of PEOPLE) {
    const token = await tokenOf(await user(name))
    const enter = (organizationId: unknown) =>
      connectClient(node.url, token, { organizationId }).then(
        ({ named }) => (named('session:ready')[0] as { user: { tenantId: string } }).user.tenantId,
        error => (error as Error).message,
      )
    const isPlatform = name === 'admin'
    const refusedAs = (errorCode: string) => (isPlatform ? errorCode : 'FORBIDDEN')
    expect([name, await enter(undefined)]).toEqual([name, own])
    expect([name, await enter(own.toUpperCase())]).toEqual([name, own])
    expect([name, await enter(other)]).toEqual([name, isPlatform ? other : 'FORBIDDEN'])
    for (const unknown of ['0'.repeat(24), 'nonsense', '', 7, { $ne: null }])
      expect([name, unknown, await enter(unknown)]).toEqual([name, unknown, refusedAs('NOT_FOUND')])
  }
  expect((await lines()).map(({ tenantId, actor, ip }) => [String(tenantId), String(actor.id), ip])).toEqual([
    [other, String(platform._id), expect.stringContaining('127.0.0.1')],
  ])
})

test('[AU-08] [F44] a platform admin in another organisation gets its events, its rooms and its conversations, and no others', async ({
  world,
}) => {
  const { store, platform, stranger, node, own, other, user } = await open(world)
  const queue = await openQueue(world)
  const token = await tokenOf(platform)
  const [here, there, colleague] = await Promise.all([
    connectClient(node.url, token),
    connectClient(node.url, token, { organizationId: other }),
    connectClient(node.url, await tokenOf(stranger)),
  ])
  const { rooms } = there.named('session:ready')[0] as { rooms: string[] }
  const clients = await store.raw.clients.find({ tenantId: stranger.tenantId }).toArray()
  expect(rooms.toSorted()).toEqual(
    [`tenant:${other}`, `user:${platform._id}`, ...clients.map(({ _id }) => `client:${_id}`)].toSorted(),
  )
  await publishEvent(store, queue, platform.tenantId, 'e-own')
  await publishEvent(store, queue, stranger.tenantId, 'e-other')
  const idsOf = (client: typeof here) => client.named('client:status').map(({ eventId }) => eventId)
  await untilPasses(() => expect([idsOf(here), idsOf(there), idsOf(colleague)]).toEqual([['e-own'], ['e-other'], ['e-other']]))
  expect(there.named('client:status')[0]?.tenantId).toBe(other)

  const conversation = await store.raw.conversations.findOne({ tenantId: platform.tenantId })
  const request = { conversationId: String(conversation?._id) }
  expect(await there.socket.emitWithAck('conversation:join', request)).toEqual({ ok: false, errorCode: 'NOT_FOUND' })
  expect(await there.socket.emitWithAck('typing:start', request)).toEqual({ ok: false, errorCode: 'NOT_FOUND' })

  // Somebody's else token, or one of a person who is no platform admin, does not take the socket over; one's own goes on with it.
  const refresh = (next: string) => there.socket.emitWithAck('auth:refresh', { token: next })
  expect(await refresh(await tokenOf(await user('demo')))).toEqual({ ok: false, errorCode: 'UNAUTHENTICATED' })
  expect(await refresh(await tokenOf(stranger))).toEqual({ ok: false, errorCode: 'UNAUTHENTICATED' })
  expect(await refresh(await tokenOf(platform))).toEqual({ ok: true })
  await publishEvent(store, queue, platform.tenantId, 'e-own-2')
  await publishEvent(store, queue, stranger.tenantId, 'e-other-2')
  await untilPasses(() =>
    expect([idsOf(here), idsOf(there)]).toEqual([
      ['e-own', 'e-own-2'],
      ['e-other', 'e-other-2'],
    ]),
  )

  // Leaving one organisation is seen there, though the admin is still connected in the own one.
  there.socket.disconnect()
  await untilPasses(() =>
    expect(colleague.named('presence').map(({ userId, status }) => [userId, status])).toContainEqual([
      String(platform._id),
      'offline',
    ]),
  )
  expect(here.socket.connected).toBe(true)
  expect(own).not.toBe(other)
})

test('[AU-08] whoever is no platform admin any more leaves the other organisation', async ({ world }) => {
  const { store, platform, node, other } = await open(world)
  const there = await connectClient(node.url, await tokenOf(platform), { organizationId: other })
  await store.raw.users.updateOne({ _id: platform._id }, { $set: { role: 'tenant_admin' } })
  await untilPasses(() =>
    expect([there.socket.connected, there.named('session:ended')]).toEqual([false, [{ reason: 'revoked' }]]),
  )
})
