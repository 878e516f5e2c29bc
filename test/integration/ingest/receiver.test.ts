import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import path from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { createReceiver, WEBHOOK_PATHS } from '#services/ingest/receiver/receiver.ts'
import { sign } from '#shared/meta/signature.ts'
import { ROOT } from '#shared/process/config.ts'
import { listen } from '#shared/process/health.ts'
import { webhookKeys } from '#shared/queue/topology.ts'
import { type OutgoingMessage, PublishError } from '#shared/queue/types.ts'
import { test } from '#test/support/world.ts'
import { APP_SECRET, log, VERIFY_TOKEN } from '#test/support/worlds/ingest.ts'

interface Vector {
  name: string
  body: string
  signature: string | null
  valid: boolean
}
const vectors = JSON.parse(readFileSync(path.join(ROOT, 'test/fixtures/signatures.json'), 'utf8')) as {
  appSecret: string
  vectors: Vector[]
}
const good = vectors.vectors.find(vector => vector.name === 'message-text') as Vector

/** The receiver alone; what it would have published is kept. */
async function open(options: { publish?: (message: OutgoingMessage) => Promise<void>; spool?: boolean } = {}) {
  const published: OutgoingMessage[] = []
  const spooled: [routingKey: string, body: Buffer][] = []
  const refused: Buffer[] = []
  const publish = options.publish ?? (async (message: OutgoingMessage) => void published.push(message))
  const spool = options.spool
    ? {
        isEmpty: (key: string) => spooled.every(([routingKey]) => routingKey !== key),
        append: async (key: string, body: Buffer) => void spooled.push([key, body]),
        refuse: async (_key: string, body: Buffer) => void refused.push(body),
      }
    : null
  const app = createReceiver({
    queue: { publish },
    spool,
    secrets: [APP_SECRET, 'the-next-secret', ''],
    verifyToken: VERIFY_TOKEN,
    log,
  })
  const server = await listen(createServer(app), '127.0.0.1', 0)
  onTestFinished(() => server[Symbol.asyncDispose]())
  const origin = `http://127.0.0.1:${server.port}`
  const post = (body: string | Buffer, headers: Record<string, string> = {}, at = WEBHOOK_PATHS[0]) =>
    fetch(origin + at, {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': sign(body, APP_SECRET), ...headers },
    })
  return { published, spooled, refused, origin, port: server.port, post }
}

test('[F41] every signature vector is accepted or refused as it should be', async () => {
  const { post, published } = await open()
  for (const { name, body, signature, valid } of vectors.vectors) {
    const before = published.length
    const { status } = await post(body, { 'x-hub-signature-256': signature ?? '' })
    expect([name, status, published.length > before]).toEqual([name, valid ? 200 : 401, valid])
  }
})

test('all four paths take a webhook, and a replaced secret counts too', async () => {
  const { post, published } = await open()
  for (const at of WEBHOOK_PATHS) expect((await post(good.body, {}, at)).status).toBe(200)
  expect((await post(good.body, { 'x-hub-signature-256': sign(good.body, 'the-next-secret') })).status).toBe(200)
  expect(published).toHaveLength(5)
})

test('no webhook is one too many: no limit counts them', async () => {
  const { post, published } = await open()
  for (let i = 0; i < 20; i++) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(good.body)))
    expect(answers.filter(({ status, headers }) => status === 200 && !headers.has('ratelimit-limit'))).toHaveLength(100)
  }
  expect(published.length).toBeGreaterThanOrEqual(2000)
})

test('the challenge is answered bare to the right token alone', async () => {
  const { origin } = await open()
  const ask = (query: string) => fetch(`${origin}/webhook?${query}`)
  const right = await ask(`hub.mode=subscribe&hub.verify_token=${VERIFY_TOKEN}&hub.challenge=12345`)
  expect([right.status, await right.text(), right.headers.get('content-type')]).toEqual([
    200,
    '12345',
    'text/plain; charset=utf-8',
  ])
  for (const query of [
    'hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1',
    `hub.mode=unsubscribe&hub.verify_token=${VERIFY_TOKEN}&hub.challenge=1`,
    `hub.mode=subscribe&hub.verify_token=${VERIFY_TOKEN}`,
    `hub.mode=subscribe&hub.verify_token=${VERIFY_TOKEN}&hub.verify_token=x&hub.challenge=1`,
    `hub.mode=subscribe&hub.verify_token=${VERIFY_TOKEN}&hub.challenge=${'1'.repeat(300)}`,
  ]) {
    const answer = await ask(query)
    expect([query, answer.status, await answer.text()]).toEqual([query, 403, ''])
  }
})

const envelope = (value: string) =>
  `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":${value}}]}]}`

test.for<[string, number, string | Buffer, Record<string, string>]>([
  ['no signature', 401, good.body, { 'x-hub-signature-256': '' }],
  ['the signature of an empty secret', 401, good.body, { 'x-hub-signature-256': sign(good.body, '') }],
  ['a SHA-1 signature', 401, good.body, { 'x-hub-signature-256': `sha1=${'0'.repeat(40)}` }],
  ['the signature of another body', 401, good.body, { 'x-hub-signature-256': sign(`${good.body} `, APP_SECRET) }],
  ['upper-case hex', 401, good.body, { 'x-hub-signature-256': sign(good.body, APP_SECRET).toUpperCase() }],
  ['hex without its prefix', 401, good.body, { 'x-hub-signature-256': sign(good.body, APP_SECRET).slice(7) }],
  ['two signatures', 401, good.body, { 'x-hub-signature-256': `${sign(good.body, APP_SECRET)}, ${sign(good.body, APP_SECRET)}` }],
  ['an empty body', 400, '', {}],
  ['signed garbage', 400, 'garbage', {}],
  ['broken JSON', 400, good.body.slice(0, -1), {}],
  ['JSON that is no envelope', 400, '{"hello":"world"}', {}],
  ['an entry of a wrong type', 400, '{"entry":{"changes":[]}}', {}],
  ['10,000 deep', 400, envelope(`{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`), {}],
  ['a raw NUL byte', 400, envelope('{"a":"\0"}'), {}],
  ['NUL in a key', 400, envelope('{"a\\u0000":1}'), {}],
  [
    'bytes that are no UTF-8',
    400,
    Buffer.concat([Buffer.from('{"entry":[{"changes":[{"value":{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}}]}]}')]),
    {},
  ],
  ['4 MB', 413, envelope(`{"a":"${'x'.repeat(4 * 1024 * 1024)}"}`), {}],
  ['a compressed body', 415, good.body, { 'content-encoding': 'gzip' }],
])('[F41] [F42] %s: %d, and nothing is published', async ([, status, body, headers]) => {
  const { post, published } = await open()
  const answer = await post(body, headers)
  expect(answer.status).toBe(status)
  const problem = (await answer.json()) as Record<string, unknown>
  expect(problem).toMatchObject({ status, errorCode: expect.stringMatching(/^[A-Z_]+$/) })
  expect(problem.detail).toBeUndefined()
  expect(published).toEqual([])
  expect((await post(good.body)).status).toBe(200)
})

test('[F42] three megabytes with a million keys are taken, and the loop goes on', async () => {
  const { post, published } = await open()
  const keys = Array.from({ length: 250_000 }, (_, i) => `"k${i}":1`).join(',')
  const answers = await Promise.all([post(envelope(`{${keys}}`)), post(good.body)])
  expect(answers.map(answer => answer.status)).toEqual([200, 200])
  expect(published).toHaveLength(2)
})

test('NUL in a text is stored as it is, not refused', async () => {
  const { post, published } = await open()
  expect(
    (
      await post(
        envelope('{"messages":[{"id":"w","from":"212661000101","timestamp":"1","type":"text","text":{"body":"a\\u0000b"}}]}'),
      )
    ).status,
  ).toBe(200)
  expect(published).toHaveLength(1)
})

test('[F42] a body that ends in the middle publishes nothing and harms nobody', async () => {
  const { port, post, published } = await open()
  const socket = connect(port, '127.0.0.1')
  socket.write(`POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"entry":`)
  await new Promise(resolve => setTimeout(resolve, 50))
  socket.destroy()
  expect((await post(good.body)).status).toBe(200)
  expect(published).toHaveLength(1)
})

test('[F14] without a confirm and without a spool Meta is asked to come again', async () => {
  const { post } = await open({ publish: async () => Promise.reject(new PublishError('timeout', 'test')) })
  const answer = await post(good.body)
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
})

test('without a confirm the body goes to the spool as it came, and later ones behind it', async () => {
  let isAway = true
  const published: OutgoingMessage[] = []
  const publish = async (message: OutgoingMessage) => {
    if (isAway) throw new PublishError('disconnected', 'test')
    published.push(message)
  }
  const { post, spooled } = await open({ publish, spool: true })
  expect((await post(good.body)).status).toBe(200)
  isAway = false
  expect((await post(good.body)).status).toBe(200)
  expect(spooled.map(([, body]) => String(body))).toEqual([good.body, good.body])
  expect(published).toEqual([])
})

const person = (shard: number) => {
  const waIds = Array.from({ length: 100 }, (_, i) => `2126611${String(i).padStart(5, '0')}`)
  return waIds.find(waId => webhookKeys.conversation('1', waId) === `conversation.${shard}`) as string
}
const textsFrom = (...waIds: string[]) =>
  JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [
      {
        id: '1',
        changes: waIds.map(from => ({
          field: 'messages',
          value: {
            metadata: { phone_number_id: '1' },
            messages: [{ from, id: `wamid.${from}`, timestamp: '1', type: 'text', text: { body: 'x' } }],
          },
        })),
      },
    ],
  })

test('[F18] of a body the parts for a queue that confirms nothing are spooled, and the others pass', async () => {
  const published: OutgoingMessage[] = []
  const publish = async (message: OutgoingMessage) => {
    if (message.routingKey === 'conversation.1') throw new PublishError('timeout', 'test')
    published.push(message)
  }
  const { post, spooled } = await open({ publish, spool: true })
  for (let round = 0; round < 2; round++) expect((await post(textsFrom(person(0), person(1), person(2)))).status).toBe(200)
  expect((await post(textsFrom(person(3)))).status).toBe(200)
  expect(published.map(message => message.routingKey).sort()).toEqual([0, 0, 2, 2, 3].map(shard => `conversation.${shard}`))
  expect(spooled.map(([key]) => key)).toEqual(['conversation.1', 'conversation.1'])
  const [, part] = spooled[0] as [string, Buffer]
  expect([part.includes(person(1)), part.includes(person(0)), part.includes(person(2))]).toEqual([true, false, false])
})

test('a body that no queue can take is kept aside, and Meta gets its 200', async () => {
  const publish = async () => Promise.reject(new RangeError('too large'))
  const { post, spooled, refused } = await open({ publish, spool: true })
  expect((await post(good.body)).status).toBe(200)
  expect([spooled, refused.map(String)]).toEqual([[], [good.body]])
})
