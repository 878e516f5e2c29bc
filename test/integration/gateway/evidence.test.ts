import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { readBundle } from '#deploy/verify-evidence.ts'
import { createRecording, newPace } from '#services/ingest/recorder/recorder.ts'
import { verifyEvidence } from '#shared/auth/evidence.ts'
import type { Id } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { realtimeEventOf } from '#shared/model/realtime-event.ts'
import { assignSeq, markEmitted } from '#shared/store/events/sequence.ts'
import { readZip } from '#test/support/files/zip.ts'
import { createWorld } from '#test/support/world.ts'
import { deliveryOf } from '#test/support/worlds/fixtures.ts'
import { type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { log } from '#test/support/worlds/ingest.ts'

const PHONE = '212661880001'
const stack = new AsyncDisposableStack()
const dir = mkdtempSync(path.join(tmpdir(), 'linko-evidence-'))
stack.defer(() => rmSync(dir, { recursive: true, force: true }))
let gateway: Gateway
let tenantId: Id
let record: (value: object, receivedAt: Date, publishedAt?: Date) => Promise<unknown>
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  const number = await gateway.store.raw.clients.findOne({ phoneNumberId: DEMO_TENANTS.demo.phoneNumberId })
  tenantId = number?.tenantId as Id
  const events = { publish: async () => undefined, settled: async () => undefined }
  const recording = createRecording({ store: gateway.store, queue: gateway.queue, log, events, pace: newPace() })
  record = (value, receivedAt, publishedAt) => {
    const whole = { metadata: { phone_number_id: DEMO_TENANTS.demo.phoneNumberId }, ...value }
    const body = { entry: [{ id: DEMO_TENANTS.demo.wabaId, changes: [{ field: 'messages', value: whole }] }] }
    return recording([{ ...deliveryOf(body, receivedAt), publishedAt: publishedAt ?? null }])
  }
})
afterAll(() => stack.disposeAsync())

const call = (path: string, as: Person = 'admin', method = 'GET', body?: object) =>
  gateway.call(method, `/api/v1${path}`, { as, body })
/** The files of a bundle, which is also written to `bundle.zip`. */
async function filesAt(address: string) {
  const headers = { authorization: `Bearer ${await gateway.tokenFor('admin')}` }
  const response = await fetch(`${gateway.url}/api/v1${address}`, { headers })
  expect(response.status).toBe(200)
  const bytes = Buffer.from(await response.arrayBuffer())
  writeFileSync(path.join(dir, 'bundle.zip'), bytes)
  return await readZip(bytes)
}
const seconds = (at: Date) => Math.floor(at.getTime() / 1000)

/** Numbers the tenant's events that have no number yet, as realtime does. @returns the last of them */
async function number() {
  const rows = await gateway.store.raw.events.find({ tenantId, seq: null }).sort({ createdAt: 1 }).toArray()
  return (await assignSeq(gateway.store, rows.map(realtimeEventOf), true)).at(-1)
}

async function receive(wamid: string, receivedAt: Date, publishedAt?: Date): Promise<string> {
  const message = { from: PHONE, id: wamid, timestamp: String(seconds(receivedAt)), type: 'text', text: { body: 'Bonjour' } }
  await record({ contacts: [{ wa_id: PHONE, profile: { name: 'Nadia' } }], messages: [message] }, receivedAt, publishedAt)
  return String((await gateway.store.raw.messages.findOne({ tenantId, wamid }))?._id)
}

/** An answer that was sent and reported as delivered, as sender and recorder leave it. */
async function answer(wamid: string): Promise<string> {
  const sent = await call('/messages/send', 'agent', 'POST', { to: `+${PHONE}`, text: 'Bienvenue' })
  const id = sent.body.id as string
  const row = await gateway.store.raw.messages.findOne({ tenantId, _id: toId(id) })
  const at = (ms: number) => new Date((row?.createdAt.getTime() ?? 0) + ms)
  const attempt = {
    kind: 'attempt' as const,
    at: at(90),
    attempt: 1,
    outcome: 'accepted' as const,
    httpStatus: 200,
    latencyMs: 30,
  }
  const entry = { ...attempt, enqueuedAt: at(5), takenAt: at(20) }
  // Its times must have come, before the database notes when events get their numbers.
  await sleep(150)
  const change = { $set: { status: 'SENT' as const, wamid, dispatch: null }, $push: { timeline: entry } }
  await gateway.store.raw.messages.updateOne({ tenantId, _id: toId(id) }, change as object)
  const report = { id: wamid, status: 'delivered', timestamp: String(seconds(at(2000))), recipient_id: PHONE }
  await record({ statuses: [report] }, at(3000))
  return id
}

test('[8] the trace of a message that came in has every hop, and says what is still to come', async () => {
  const receivedAt = new Date(Date.now() - 1500)
  const publishedAt = new Date(seconds(new Date(Date.now() - 500)) * 1000)
  const id = await receive('wamid.trace.in', receivedAt, publishedAt)
  const hopsOf = async (path: string) => {
    const { body } = await call(path, 'agent')
    return [body.hops.map(({ hop }: { hop: string }) => hop), body.pending.map(({ hop }: { hop: string }) => hop)]
  }
  const came = ['received', 'published', 'recorded']
  expect(await hopsOf(`/messages/${id}/trace`)).toEqual([came, ['numbered', 'emitted']])
  const last = await number()
  expect(await hopsOf(`/messages/${id}/trace`)).toEqual([[...came, 'numbered'], ['emitted']])
  await markEmitted(gateway.store, [{ tenantId: String(tenantId), eventId: last?.eventId as string, at: new Date() }])
  expect(await hopsOf(`/messages/by-id/${id}/trace`)).toEqual([[...came, 'numbered', 'emitted'], []])
  const [row] = await gateway.store.raw.messages.find({ tenantId, _id: toId(id) }).toArray()
  expect(row?.hops).toEqual({ receivedAt, publishedAt })
})

test('[8] the trace of a message that went out has its attempt and its reports', async () => {
  await receive('wamid.trace.opens', new Date())
  const id = await answer('wamid.trace.out')
  await number()
  const { body } = await call(`/messages/by-id/${id}/trace`, 'agent')
  const shown = body.hops.map(({ hop, about, attempt }: Record<string, unknown>) => [hop, about ?? attempt])
  expect(shown.slice(0, 4)).toEqual([
    ['accepted', null],
    ['enqueued', 1],
    ['taken', 1],
    ['posted', 1],
  ])
  // Meta's report may be here before its answer is.
  const others = shown.slice(4).map(([hop, about]: [string, string]) => `${hop} ${about}`)
  const ofReport = ['numbered DELIVERED', 'received DELIVERED', 'recorded DELIVERED', 'status DELIVERED']
  expect(others.toSorted()).toEqual(['answered 1', ...ofReport])
})

test('[15] the evidence about a message is signed by the installation, and its verifier finds it valid', async () => {
  await receive('wamid.evidence.opens', new Date())
  const id = await answer('wamid.evidence.out')
  const headers = { authorization: `Bearer ${await gateway.tokenFor('admin')}` }
  const zip = await fetch(`${gateway.url}/api/v1/messages/by-id/${id}/evidence`, { headers })
  expect(zip.headers.get('content-disposition')).toBe(`attachment; filename="evidence-${id}.zip"`)
  const bytes = Buffer.from(await zip.arrayBuffer())
  const file = path.join(dir, 'evidence.zip')
  writeFileSync(file, bytes)
  const [{ fingerprint, isPresent }] = (await call('/evidence-keys')).body.data
  expect(isPresent).toBe(true)
  expect(verifyEvidence(await readBundle(file), fingerprint)).toMatchObject({
    problems: [],
    isExpectedKey: true,
    manifest: {
      about: { kind: 'message', messageId: id, externalMessageId: 'wamid.evidence.out' },
      ...{ redacted: [], installation: 'http://linko.test' },
    },
  })
  const files = await readZip(bytes)
  const json = (name: string) => JSON.parse(String(files[name]))
  const contents = [
    'README.txt',
    'message.json',
    'timeline.json',
    'trace.json',
    'request.json',
    'webhooks.json',
    'configuration.json',
  ]
  expect(Object.keys(files)).toEqual([...contents, 'manifest.json', 'manifest.sig'])
  expect(json('message.json')).toMatchObject({ id, status: 'DELIVERED' })
  expect(json('request.json')).toMatchObject({ type: 'text', text: { body: 'Bienvenue' } })
  const [webhook] = json('webhooks.json')
  expect(webhook.payload.entry[0].changes[0].value.statuses).toMatchObject([{ id: 'wamid.evidence.out', status: 'delivered' }])
})

test('[15] a bundle tells the settings of now and each change of them since the message', async () => {
  const id = await receive('wamid.evidence.settings', new Date())
  expect((await call('/settings', 'admin', 'PATCH', { locale: 'ar-MA' })).status).toBe(200)
  const files = await filesAt(`/messages/by-id/${id}/evidence`)
  const { versions, number: sender, changes } = JSON.parse(String(files['configuration.json']))
  expect(versions).toEqual({ linko: expect.stringMatching(/^\d/), metaApi: expect.stringMatching(/^v\d/) })
  expect(sender.phoneNumberId).toBe(DEMO_TENANTS.demo.phoneNumberId)
  const change = changes.find(({ object }: { object: { kind: string } }) => object.kind === 'tenant')
  expect(JSON.stringify(change.changes)).toContain('ar-MA')
})

test('[15] a message of a number that has been disconnected keeps its evidence', async () => {
  const id = await receive('wamid.evidence.gone', new Date())
  const { clients } = gateway.store.raw
  const number = { tenantId, phoneNumberId: DEMO_TENANTS.demo.phoneNumberId }
  const deletedAt = new Date()
  await clients.updateOne(number, { $set: { deletedAt } })
  const files = await filesAt(`/messages/by-id/${id}/evidence`)
  await clients.updateOne(number, { $set: { deletedAt: null } })
  const { number: sender } = JSON.parse(String(files['configuration.json']))
  expect(sender).toMatchObject({ phoneNumberId: number.phoneNumberId, disconnectedAt: deletedAt.toISOString() })
})

test('[15] content and people are left out by choice, and the manifest says so', async () => {
  await receive('wamid.evidence.opens.2', new Date())
  const id = await answer('wamid.evidence.left')
  const whole = await filesAt(`/messages/by-id/${id}/evidence`)
  const said = (files: Record<string, Uint8Array>) =>
    Object.entries(files)
      .filter(([name]) => name.endsWith('.json') && name !== 'configuration.json' && name !== 'manifest.json')
      .map(([, content]) => String(content))
      .join()
  expect(said(whole)).toMatch(/Bienvenue[\s\S]*212661880001|212661880001[\s\S]*Bienvenue/)
  const left = await filesAt(`/messages/by-id/${id}/evidence?redact=people,content`)
  expect(said(left)).not.toMatch(/Bienvenue|212661880001|Nadia/)
  expect(JSON.parse(String(left['message.json']))).toMatchObject({ id, status: 'DELIVERED', content: { text: '[redacted]' } })
  expect(JSON.parse(String(left['manifest.json'])).redacted).toEqual(['content', 'people'])
  expect((await call(`/messages/by-id/${id}/evidence?redact=all`)).status).toBe(400)
})

test('[15] a bundle may be about a conversation in a range of time', async () => {
  const from = new Date(Date.now() - 60 * 60_000)
  const first = await receive('wamid.evidence.range.1', new Date(from.getTime() + 60_000))
  const second = await receive('wamid.evidence.range.2', new Date(from.getTime() + 120_000))
  await receive('wamid.evidence.range.3', new Date(from.getTime() + 180_000))
  const { body } = await call(`/messages/by-id/${first}`)
  const to = new Date(from.getTime() + 150_000)
  const range = `from=${from.toISOString()}&to=${to.toISOString()}`
  const address = `/conversations/${body.conversationId}/evidence?${range}`
  const files = await filesAt(address)
  const folders = Object.keys(files).filter(name => name.endsWith('message.json'))
  expect(folders).toEqual([`messages/0001-${first}/message.json`, `messages/0002-${second}/message.json`])
  const [{ fingerprint }] = (await call('/evidence-keys')).body.data
  expect(verifyEvidence(await readBundle(path.join(dir, 'bundle.zip')), fingerprint)).toMatchObject({
    problems: [],
    manifest: {
      about: {
        ...{ kind: 'conversation', conversationId: body.conversationId, messages: 2 },
        ...{ from: from.toISOString(), to: to.toISOString() },
      },
    },
  })
  const none = `from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z`
  expect((await call(`/conversations/${body.conversationId}/evidence?${none}`)).status).toBe(404)
  expect((await call(address, 'manager')).status).toBe(403)
  expect((await call(address, 'other')).status).toBe(404)
})

test('[15] evidence is for admins of the account, and each bundle leaves an audit entry', async () => {
  const id = await receive('wamid.evidence.in', new Date())
  expect((await call(`/messages/by-id/${id}/evidence`, 'manager')).status).toBe(403)
  expect((await call(`/messages/by-id/${id}/evidence`, 'other')).status).toBe(404)
  expect((await call('/evidence-keys', 'manager')).status).toBe(403)
  expect((await call(`/messages/by-id/${id}/evidence`)).status).toBe(200)
  const entries = await gateway.store.raw.auditLog.countDocuments({ action: 'messages.evidence', 'object.id': id })
  expect(entries).toBe(1)
})
