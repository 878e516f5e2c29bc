import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Simulator } from '#deploy/simulator/simulator.ts'
import { type FixtureRequest, PREPARE } from './testing/fixture-states.ts'
import { createFixtureSimulator, WABA } from './testing/fixture-world.ts'
import { shapeOf } from './testing/shape.ts'

interface Fixture {
  request: FixtureRequest
  response: { status: number; headers?: Record<string, string>; body?: unknown }
}

const FOLDER = path.join(import.meta.dirname, '../fixtures/graph')
/** Fixtures in which Meta calls the platform. The simulator's own handshake is tested below. */
const FROM_META = ['webhook-verify-ok', 'webhook-verify-wrong-token']
const NAMES = readdirSync(FOLDER)
  .map(file => file.replace('.json', ''))
  .filter(name => !FROM_META.includes(name))

let simulator: Simulator
beforeAll(async () => {
  simulator = await createFixtureSimulator()
})
afterAll(() => simulator.close())

test('there are fixtures to replay', () => {
  expect(NAMES).toHaveLength(220 - FROM_META.length)
})

test.for(NAMES)('answers %s as Meta does', async name => {
  await using fresh = await createFixtureSimulator()
  const { request, response } = readFixture(name)
  const changed = (await PREPARE[name]?.(fresh, request)) ?? request
  const answer = await send(fresh, changed)
  expect({ status: answer.status, body: shapeOf(answer.body) }).toEqual({ status: response.status, body: shapeOf(response.body) })
  expect(messageOf(answer.body)).toBe(messageOf(response.body))
  for (const header of Object.keys(response.headers ?? {})) expect(answer.headers.has(header)).toBe(true)
})

test('the handshake has Meta’s parameters and accepts nothing but the challenge', async () => {
  const asked: URLSearchParams[] = []
  const callback = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://callback')
    asked.push(searchParams)
    if (searchParams.get('hub.verify_token') !== 'fixture-verify') response.writeHead(403).end()
    else response.end(searchParams.get('hub.challenge'))
  })
  await new Promise<void>(resolve => callback.listen(0, '127.0.0.1', resolve))
  const address = callback.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/webhook`
  const subscribe = (verify_token: string) =>
    send(simulator, {
      ...readFixture('subscribed-apps-post-override').request,
      body: { override_callback_uri: url, verify_token },
    })
  expect((await subscribe('fixture-verify')).status).toBe(200)
  expect((await subscribe('nope')).status).toBe(422)
  expect([...(asked[0] as URLSearchParams).keys()].sort()).toEqual(
    Object.keys(readFixture('webhook-verify-ok').request.query ?? {}).sort(),
  )
  expect(simulator.sim.world.wabas.get(WABA)?.override?.url).toBe(url)
  callback.close()
})

const readFixture = (name: string) => JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8')) as Fixture

/** The message of an error without the times and ids in it, for a comparison with Meta's text. */
function messageOf(body: unknown): string | undefined {
  const message = (body as { error?: { message?: string } } | undefined)?.error?.message
  return message?.replaceAll(/[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d [\d:]{8} P[DS]T/g, 'TIME')
}

async function send({ url }: Simulator, { method, path: pathname, query, headers = {}, body }: FixtureRequest) {
  const [bare, ownQuery] = pathname.split('?')
  const search = new URLSearchParams([...new URLSearchParams(ownQuery), ...Object.entries(query ?? {})])
  const { content, type } = contentOf(headers, body)
  const answer = await fetch(`${url}${bare}${search.size > 0 ? `?${search}` : ''}`, {
    method,
    headers: { ...headersOf(headers), ...(type && { 'content-type': type }) },
    body: content,
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: parsed(text, answer.headers.get('content-type')) }
}

function headersOf({ 'Content-Type': _, ...headers }: Record<string, string>) {
  return headers
}

function contentOf(
  headers: Record<string, string>,
  body: unknown,
): { content?: string | FormData | Buffer<ArrayBuffer>; type?: string } {
  if (body === undefined) return {}
  if (Buffer.isBuffer(body)) return { content: Buffer.from(body), type: headers['Content-Type'] }
  if (headers['Content-Type'] === 'multipart/form-data') return { content: formOf(body as Record<string, string>) }
  return { content: JSON.stringify(body), type: 'application/json' }
}

/** `@plan.jpg;type=image/jpeg` stands for a file. */
function formOf(members: Record<string, string>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(members)) {
    const file = /^@(.+);type=(.+)$/.exec(value)
    if (file) form.set(name, new Blob(['bytes'], { type: file[2] as string }), file[1] as string)
    else form.set(name, value)
  }
  return form
}

function parsed(text: string, contentType: string | null): unknown {
  if (contentType?.includes('json')) return JSON.parse(text)
  return text === '' ? '' : '<binary>'
}
