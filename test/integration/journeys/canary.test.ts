import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import path from 'node:path'
import { register } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import type { GatewayDeps } from '#services/gateway/deps.ts'
import type { BackgroundDeps } from '#services/gateway/numbers/background-deps.ts'
import { checkHealth } from '#services/gateway/numbers/check-health.ts'
import { checkTokens } from '#services/gateway/numbers/check-tokens.ts'
import { routes } from '#services/gateway/routes.ts'
import { orderDueSyncs } from '#services/gateway/templates/order-syncs.ts'
import { runSyncs } from '#services/gateway/templates/run-syncs.ts'
import { reportBlocks } from '#services/ingest/background/blocks.ts'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import type { Route } from '#shared/http/route.ts'
import { ROOT } from '#shared/process/config.ts'
import { EXCHANGES } from '#shared/queue/topology.ts'
import { POISONS, said, sampleOf, withCanaries } from '#test/support/canary-input.ts'
import { untilPasses } from '#test/support/until.ts'
import { CANARY, openWatched, sightingsIn, untilAnswered, WAMID, type Watched } from '#test/support/worlds/canary.ts'
import { readFixture } from '#test/support/worlds/fixtures.ts'
import { keyring } from '#test/support/worlds/ingest.ts'

const { phoneNumberId, wabaId, accessToken } = DEMO_TENANTS.demo
const stack = new AsyncDisposableStack()
let w: Watched
beforeAll(async () => {
  w = stack.use(await openWatched())
  await w.post(hook({ contacts: [{ wa_id: CANARY.phone, profile: { name: CANARY.name } }], messages: [said(CANARY.text)] }))
  await untilPasses(async () => expect(await rowOf('conversations')).not.toBe(NOBODY))
})
afterAll(() => stack.disposeAsync())

const hook = (value: object, field = 'messages') => ({
  object: 'whatsapp_business_account',
  entry: [
    {
      id: wabaId,
      changes: [{ field, value: { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, ...value } }],
    },
  ],
})

const NOBODY = '0'.repeat(24)
/** The id of our person's row. */
async function rowOf(name: 'conversations' | 'contacts' | 'messages' | 'leads'): Promise<string> {
  const { raw } = w.gateway.store
  const by = { conversations: 'contact.waId', contacts: 'waId', messages: 'contactKey', leads: 'phone' }[name]
  const row = await (raw[name] as typeof raw.contacts).findOne({ [by]: CANARY.phone } as object)
  return row ? String(row._id) : NOBODY
}

/** Nothing that is being worked on. */
async function untilQuiet(): Promise<void> {
  let before = -1
  await untilPasses(async () => {
    const { webhookEvents, deadLetters, messages } = w.gateway.store.raw
    const counts = [w.lines.length, await webhookEvents.countDocuments(), await deadLetters.countDocuments()]
    counts.push(await messages.countDocuments({ 'dispatch.state': { $in: ['READY', 'TAKEN'] } }))
    const now = Number(counts.join(''))
    const isSame = now === before
    before = now
    expect(isSame).toBe(true)
  }, 240_000)
}

function expectNoSightings(): void {
  expect(w.lines.length).toBeGreaterThan(0)
  expect(sightingsIn(w.lines.join('')).slice(0, 10)).toEqual([])
}

/** The bodies of all refusals. */
const problems: string[] = []

async function call(method: string, address: string, body?: unknown, headers: Record<string, string> = {}): Promise<number> {
  const answer = await untilAnswered(() => w.gateway.call(method.toUpperCase(), address, { as: 'platform', body, headers }))
  if (answer.status >= 400) problems.push(JSON.stringify(answer.body))
  return answer.status
}

const FORMS = [CANARY.text, CANARY.name, `+${CANARY.phone}`, CANARY.token, CANARY.apiKey]

/** Our person's id in place of the parameter, and what no id is. */
async function addressesOf({ path: address }: Route<GatewayDeps>): Promise<string[]> {
  if (!address.includes('{')) return [address]
  const kind = (['conversations', 'contacts', 'messages', 'leads'] as const).find(name => address.includes(`/${name}`))
  const ids = [kind ? await rowOf(kind) : NOBODY, CANARY.phone, encodeURIComponent(CANARY.text), WAMID]
  return ids.map(id => address.replaceAll(/\{\w+\}/g, id))
}

async function callEveryWay(route: Route<GatewayDeps>): Promise<void> {
  const headers = { 'x-request-id': CANARY.phone, 'idempotency-key': `${CANARY.phone}-${route.path}` }
  for (const address of await addressesOf(route)) {
    if (route.method === 'get') {
      for (const form of FORMS) await call('get', `${address}?${queryOf(route, form)}`, undefined, headers)
      continue
    }
    const bodies = route.body ? FORMS.map(form => sampleOf(route.body as never, form)) : []
    for (const body of bodies) await call(route.method, address, body, headers)
    await call(route.method, address, { [CANARY.text]: CANARY.text, [CANARY.phone]: { [CANARY.name]: [CANARY.token] } })
    await call(route.method, address, `{"text":"${CANARY.text}", "to": ${CANARY.phone} nonsense`)
    await call(`${route.method}`, `${address}?${CANARY.phone}=${encodeURIComponent(CANARY.text)}`, {})
  }
}

function queryOf(route: Route<GatewayDeps>, form: string): string {
  const sample = route.query ? (sampleOf(route.query, form) as Record<string, unknown>) : { [form]: form }
  return new URLSearchParams(Object.entries(sample).map(([name, value]): [string, string] => [name, String(value)])).toString()
}

/** Not by the table: they end the session, stop the number, or erase the person whom the others are about. */
const LAST = /auth\/password|auth\/logout|phone-numbers\/\{id\}\/(pause|resume)|^\/api\/v1\/contacts\/\{id\}$/

test('[F53] nothing that is put into a REST route is in a log, a metric or a problem', { timeout: 300_000 }, async () => {
  const order = [...routes.filter(({ path: address }) => !LAST.test(address)), ...routes.filter(one => LAST.test(one.path))]
  for (const route of order) if (!route.upload) await callEveryWay(route)
  for (const body of [
    `phone,name\n${CANARY.phone},${CANARY.name}\nnobody,${CANARY.text}\n`,
    `city,${CANARY.phone}\n"${CANARY.text}`,
    `phone,"${CANARY.text}`,
  ])
    await call('post', '/api/v1/contacts/import', body, { 'content-type': 'text/csv' })
  for (const password of [CANARY.word, CANARY.text])
    await call('post', '/api/v1/auth/login', { email: `${CANARY.phone}@example.com`, password })
  for (const token of [CANARY.apiKey, `eyJhbGciOiJIUzI1NiJ9.${CANARY.token}.x`])
    await untilAnswered(() => w.gateway.call('GET', '/api/v1/contacts', { token }))
  await untilQuiet()
  expect(problems.length).toBeGreaterThan(500)
  expect(problems.filter(problem => sightingsIn(problem).length > 0).slice(0, 10)).toEqual([])
  expect(problems.filter(problem => problem.includes('"status":500'))).toEqual([])
  expectNoSightings()
})

test('[F53] nor anything of a webhook of any kind, readable or not', { timeout: 240_000 }, async () => {
  const names = globSync('*.json', { cwd: path.join(ROOT, 'test/fixtures/webhooks') }).map(file => file.replace('.json', ''))
  for (const name of names) expect(await w.post(withCanaries(readFixture(name)))).toBe(200)
  for (const [, spoil] of POISONS) {
    await w.post(hook({ messages: [spoil(said(CANARY.text)), said(CANARY.text)] }))
    await w.post(
      hook({ statuses: [spoil({ id: WAMID, status: 'delivered', timestamp: '1795165200', recipient_id: CANARY.phone })] }),
    )
  }
  for (const raw of [`"${CANARY.text}"`, `[{"text":"${CANARY.text}"}]`, `{"text":"${CANARY.text} ${CANARY.phone}`])
    await w.post(raw)
  await untilAnswered(() =>
    fetch(w.webhookUrl, { method: 'POST', body: CANARY.text, headers: { 'x-hub-signature-256': `sha256=${CANARY.token}` } }),
  )
  const asked = `${w.webhookUrl}?hub.mode=subscribe&hub.verify_token=${CANARY.token}&hub.challenge=${CANARY.phone}`
  await untilAnswered(() => fetch(asked))
  await untilQuiet()
  expectNoSightings()
})

test('[F53] nor what MongoDB refuses, nor what the broker is given that is no job', { timeout: 240_000 }, async () => {
  const { store, queue } = w.gateway
  const refused = `${CANARY.text} refused`
  await store.connection.db?.command({ collMod: 'messages', validator: { 'content.text': { $ne: refused } } })
  await w.post(hook({ messages: [said(refused)] }))
  for (const [exchange, routingKey, type] of [
    [EXCHANGES.webhook, 'conversation.0', MESSAGE_TYPE.webhook],
    [EXCHANGES.send, 'chat', MESSAGE_TYPE.sendJob],
    [EXCHANGES.media, 'media', MESSAGE_TYPE.media],
  ] as const)
    for (const [i, body] of [`${CANARY.text} ${CANARY.phone}`, JSON.stringify({ [CANARY.text]: CANARY.token })].entries())
      await queue.publish({
        exchange,
        routingKey,
        type,
        body: Buffer.from(body),
        messageId: `s:${WAMID}:${type}:1790000000:${CANARY.phone}:${i}`,
      })
  await untilPasses(async () => expect(await store.raw.deadLetters.countDocuments({ error: /failed validation/ })).toBe(1))
  await untilPasses(async () => expect(await store.raw.deadLetters.countDocuments({ messageId: /linko\.media/ })).toBe(2))
  await untilQuiet()
  expectNoSightings()
  const shown = await store.raw.deadLetters.find({ error: { $ne: null } }).toArray()
  expect(sightingsIn(shown.map(({ error, cause, reason }) => `${error} ${cause} ${reason}`).join('\n'))).toEqual([])
})

test('[F53] nor what an error of Meta says', { timeout: 240_000 }, async () => {
  const { store, deps } = w.gateway
  const details = `${CANARY.text} token ${CANARY.token} for +${CANARY.phone}`
  const number = { phoneNumberId }
  await store.raw.clients.updateOne(number, { $set: { status: 'active', pauseReason: null, nextTemplateSyncAt: null } })
  const { events, meta, now } = deps
  const everyMs = { tokenEveryMs: 1000, healthEveryMs: 1000, templatesEveryMs: 1000 }
  const background: BackgroundDeps = { store, events, meta, app: null, version: 'v25.0', keyring, log: w.log, now, ...everyMs }
  w.lines.length = 0
  problems.length = 0
  for (const [code, status] of [
    [131009, 400],
    [131000, 500],
    [80007, 429],
    [100, 400],
    [190, 401],
  ] as const) {
    w.simulator.faults([{ match: { path: '*' }, times: null, effect: { status, code, details } }])
    await store.raw.clients.updateOne(number, { $set: { status: 'active', nextTokenCheckAt: null, nextHealthCheckAt: null } })
    await call('post', '/api/v1/messages/send', { to: `+${CANARY.phone}`, text: CANARY.text })
    const body = { name: `canary_${code}`, language: 'fr', category: 'UTILITY', components: [{ type: 'BODY', text: 'Bonjour' }] }
    await call('post', '/api/v1/templates', body)
    await store.raw.contacts.updateOne({ waId: CANARY.phone }, { $set: { deletedAt: null } })
    await call('post', `/api/v1/contacts/${await rowOf('contacts')}/block`, {})
    await orderDueSyncs(background)
    await runSyncs(background, () => true)
    await checkTokens(background).catch(() => undefined)
    await checkHealth({ ...background, webhook: { url: 'http://linko.test', verifyToken: null } }).catch(() => undefined)
    await reportBlocks({ store, meta, keyring, log: w.log, now })
    const image = { id: `${Date.now()}`, mime_type: 'image/png', sha256: 'x', caption: CANARY.text }
    await w.post(hook({ messages: [{ ...said(''), type: 'image', image }] }))
    await untilQuiet()
  }
  w.simulator.faults([])
  expect(accessToken).toMatch(/^EAA/)
  expectNoSightings()
  // Meta's words are the answer to the user whose template it refused; numbers and tokens in them are not.
  expect(problems.length).toBeGreaterThan(3)
  expect(problems.filter(problem => sightingsIn(problem, /CANARYTEXT/g).length > 0)).toEqual([])
})

test('[F53] nor is it in lists of dead letters, or in metrics', async () => {
  const lists = await Promise.all(
    ['dead-letters?limit=100', 'dead-letters?scope=all&limit=100', 'dead-letters/groups', 'dead-letters/groups?scope=all'].map(
      address => w.gateway.call('GET', `/api/v1/${address}`, { as: 'platform' }),
    ),
  )
  const text = lists.map(({ body }) => JSON.stringify(body, null, 1)).join('\n')
  expect(lists.some(({ body }) => body.data?.length > 5)).toBe(true)
  expect(sightingsIn(text)).toEqual([])
  expect(sightingsIn(await register.metrics())).toEqual([])
})

test('[F53] nor in the last words of a process that fails', { timeout: 240_000 }, async () => {
  const script = `
    import { createLogger, logCrash } from '#shared/process/logger.ts'
    logCrash(createLogger('crashing', 'info'))
    const error = new Error('it failed for +${CANARY.phone}')
    error.config = { data: '${CANARY.text}', headers: { authorization: 'Bearer ${CANARY.token}' } }
    WHAT
  `
  for (const what of [
    'throw error',
    'setTimeout(() => { throw error })',
    'Promise.reject(error); await new Promise(() => setTimeout(() => {}, 5000))',
  ]) {
    const args = ['--input-type=module-typescript', '-e', script.replace('WHAT', what)]
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
    const [code] = await once(child, 'close')
    expect([what, code]).toEqual([what, 1])
    expect(output).toContain('process failed')
    expect(sightingsIn(output)).toEqual([])
  }
})
