import { Readable } from 'node:stream'
import { Types } from 'mongoose'
import { request } from 'undici'
import { DEMO_TEMPLATES } from '#deploy/demo/world.ts'
import { signAccessToken } from '#shared/auth/access-token.ts'
import type { ClientDoc, Id, UserDoc } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import { JWT_SECRET } from '#test/load/bed.ts'
import type { Child } from '#test/load/child.ts'
import type { Simulator } from './sending.ts'

/** REST of the gateway as somebody of a tenant. */
export type Rest = ReturnType<typeof restOf>

export function restOf(gateway: Child, token: string) {
  // biome-ignore lint/suspicious/noExplicitAny: whatever REST answers
  return async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object | AsyncIterable<string>): Promise<any> => {
    const isFile = body !== undefined && Symbol.asyncIterator in body
    const answer = await request(`http://127.0.0.1:${gateway.port}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': isFile ? 'text/csv' : 'application/json' },
      body: isFile ? Readable.from(body) : body && JSON.stringify(body),
      bodyTimeout: 600_000,
      headersTimeout: 600_000,
    })
    const reply = JSON.parse(await answer.body.text())
    if (answer.statusCode >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${JSON.stringify(reply)}`)
    return reply
  }
}

/** Somebody of the demo world, or a new manager of a tenant. */
export async function tokenOf(store: Store, who: string | Id): Promise<string> {
  const user = typeof who === 'string' ? await store.raw.users.findOne({ email: who }) : await addManager(store, who)
  if (user === null) throw new Error(`no user ${who}`)
  const { _id, tenantId, role, tokenVersion } = user
  const claims = { userId: String(_id), tenantId: String(tenantId), role, tokenVersion }
  return signAccessToken(claims, { secret: JWT_SECRET, ttlMs: 3_600_000 })
}

async function addManager(store: Store, tenantId: Id): Promise<UserDoc> {
  const model = (await store.raw.users.findOne({ email: 'manager@whatsapp-saas.com' })) as UserDoc
  const manager = { ...model, _id: new Types.ObjectId(), tenantId, email: `manager@${tenantId}.test` }
  await store.raw.users.insertOne(manager)
  return manager
}

export const TEMPLATE = 'welcome'
export const LANGUAGE = 'en_US'

/** The demo's template for another number's account, here and at the simulator. */
export async function addTemplate(store: Store, simulator: Simulator, { tenantId, wabaId }: ClientDoc): Promise<void> {
  const model = await store.raw.templates.findOne({ name: TEMPLATE, language: LANGUAGE })
  if (model === null) throw new Error('the demo world has no such template')
  await store.raw.templates.insertOne({ ...model, _id: new Types.ObjectId(), tenantId, wabaId })
  const text = DEMO_TEMPLATES.find(({ name }) => name === TEMPLATE)?.body
  const components = [{ type: 'BODY', text, example: { body_text: [['Salma']] } }]
  await simulator.call('templates', { wabaId, name: TEMPLATE, language: LANGUAGE, components })
}

/** A file of so many rows, made as it is read. */
export async function* csvOf(count: number, prefix = '21263'): AsyncIterable<string> {
  yield 'to,candidateName\n'
  for (let i = 0; i < count; i += 1000) {
    const rows = Array.from({ length: Math.min(1000, count - i) }, (_, n) => i + n)
    yield rows.map(n => `+${prefix}${String(n).padStart(12 - prefix.length, '0')},Person ${n}\n`).join('')
  }
}

/** Drafted, its audience given and checked. @returns its id */
export async function draftCampaign(rest: Rest, name: string, rows: AsyncIterable<string>): Promise<string> {
  const { id } = await rest('POST', '/campaigns', { name, templateName: TEMPLATE, language: LANGUAGE })
  await rest('PUT', `/campaigns/${id}/audience`, rows)
  return id
}

export async function untilChecked(rest: Rest, id: string): Promise<void> {
  for (;;) {
    const { audience } = await rest('GET', `/campaigns/${id}`)
    if (audience.state === 'READY') return
    if (audience.state === 'FAILED') throw new Error(`the audience: ${audience.problem}`)
    await new Promise(resolve => setTimeout(resolve, 250))
  }
}
