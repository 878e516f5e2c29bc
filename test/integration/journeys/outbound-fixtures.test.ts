import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Types } from 'mongoose'
import { expect } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { startSender } from '#services/sender/sender.ts'
import { createSendLimits } from '#shared/limits/send-limits.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import type { ClientDoc, TemplateDoc } from '#shared/model/documents.ts'
import { ROOT } from '#shared/process/config.ts'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { type Gateway, openGateway } from '#test/support/worlds/gateway.ts'
import { keyring, log } from '#test/support/worlds/ingest.ts'
import { startMeta } from '#test/support/worlds/sender.ts'

type Json = Record<string, unknown>
interface Exchange {
  request: { path: string; body: Json }
  response: { status: number }
}

/** Not sent by us: groups are not used, and a person is named by one key. */
const ELSEWHERE = new Set(['send-text-to-phone-and-bsuid', 'send-group-text'])
const files = globSync('test/fixtures/graph/send-*.json', { cwd: ROOT })
const sends = files
  .map(file => ({
    name: path.basename(file, '.json'),
    ...(JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')) as Exchange),
  }))
  .filter(({ name, response }) => response.status === 200 && !ELSEWHERE.has(name))

test('all that Meta is known to take goes through the gateway and the sender as it is', { timeout: 240_000 }, async ({
  world,
}) => {
  expect(sends.length).toBeGreaterThan(30)
  await using meta = await startMeta()
  await using gateway = await openGateway(world, { META_GRAPH_URL: meta.url })
  const { store, queue, redis, deps } = gateway
  await using client = createMetaClient({ baseUrl: meta.url, version: 'v25.0' })
  const limits = (liveSenders: () => number) => createSendLimits({ redis, liveSenders, prefix: `{${store.connection.name}}` })
  await using _sender = await startSender({ store, queue, meta: client, keyring, storage: deps.storage, log, limits })
  const number = (await store.raw.clients.findOne({ phoneNumberId: DEMO_TENANTS.demo.phoneNumberId })) as ClientDoc
  await store.raw.templates.deleteMany({ tenantId: number.tenantId })
  const wrong: unknown[] = []
  for (const [i, { name, request }] of sends.entries()) {
    // Each to a person of its own: the limit for one person and the order of a conversation do not matter here.
    const endpoint = request.path.split('/').at(-1) as string
    const body: Json & { to: string } = {
      ...defaultsOf(endpoint),
      ...bodyOf(request.body, `+2126610${String(i).padStart(5, '0')}`),
    }
    const category = endpoint === 'marketing_messages' ? 'MARKETING' : 'UTILITY'
    if (body.type === 'template') await addTemplate(gateway, number, body.template as Json, category)
    const conversationId = await addPerson(gateway, number, body.to, quotedBy(body))
    const answer = await gateway.call('POST', '/api/v1/messages', { as: 'admin', body: { conversationId, ...ours(body) } })
    if (answer.status !== 202) wrong.push([name, answer.body])
    else {
      await untilTrue(() => meta.posts.some(({ to }) => to === body.to))
      const sent = meta.posts.filter(({ to }) => to === body.to)
      expect(
        sent.map(post => bodyOf(post.body, post.to)),
        name,
      ).toEqual([body])
      expect(sent.map(post => post.endpoint)).toEqual([endpoint])
    }
  }
  expect(wrong).toEqual([])
})

/** What we say where Meta has a default. */
const defaultsOf = (endpoint: string) => (endpoint === 'marketing_messages' ? { product_policy: 'CLOUD_API_FALLBACK' } : {})

/** Without what is ours to say: who, and which message. What Meta may learn of it is a setting of the account. */
function bodyOf(
  { biz_opaque_callback_data: _, recipient: __, message_activity_sharing: ___, ...body }: Json,
  to: string,
): Json & { to: string } {
  return { ...body, to }
}

/** A body of Meta's in our own form. */
function ours({ type, context, recipient_identity_key_hash: identityKeyHash, ttl_seconds: ttlSeconds, ...body }: Json) {
  const policy = body.product_policy
  const replyTo = (context as Json | undefined)?.message_id
  return {
    type,
    [String(type)]: body[String(type)],
    ...(replyTo !== undefined && { replyTo }),
    ...(identityKeyHash !== undefined && { identityKeyHash }),
    ...(body.category !== undefined && { category: body.category }),
    ...(ttlSeconds !== undefined && { ttlSeconds }),
    ...(policy !== undefined && { marketingMessages: true, strict: policy === 'STRICT' }),
  }
}

const quotedBy = ({ context, reaction }: Json) =>
  ((context ?? reaction) as { message_id?: string } | undefined)?.message_id ?? null

/** Who has just written, by the wamid that is quoted. */
async function addPerson({ store }: Gateway, number: ClientDoc, to: string, wamid: string | null): Promise<string> {
  const template = await store.raw.conversations.findOne({ phoneNumberId: number.phoneNumberId })
  const waId = to.slice(1)
  const [contactId, conversationId] = [new Types.ObjectId(), new Types.ObjectId()]
  const contact = await store.raw.contacts.findOne({ tenantId: number.tenantId })
  await store.raw.contacts.insertOne({ ...contact, _id: contactId, waId, phone: waId, userId: null } as never)
  const windowExpiresAt = new Date(Date.now() + 3_600_000)
  await store.raw.conversations.insertOne({
    ...template,
    _id: conversationId,
    contactId,
    contact: { ...template?.contact, waId, userId: null },
    windowExpiresAt,
    candidateId: null,
  } as never)
  if (wamid !== null) {
    const inbound = await store.raw.messages.findOne({ tenantId: number.tenantId, direction: 'INBOUND' })
    await store.raw.messages.deleteMany({ tenantId: number.tenantId, wamid })
    await store.raw.messages.insertOne({ ...inbound, _id: new Types.ObjectId(), conversationId, contactId, wamid } as never)
  }
  return String(conversationId)
}

/** A template that the parameters of a send fit. */
async function addTemplate(
  { store }: Gateway,
  { tenantId, wabaId }: ClientDoc,
  sent: Json,
  category: TemplateDoc['category'],
): Promise<void> {
  const {
    name,
    language,
    components = [],
  } = sent as {
    name: string
    language: { code: string }
    components?: { type: string; sub_type?: string; index?: string; parameters: { type: string; parameter_name?: string }[] }[]
  }
  const isNamed = components.some(({ parameters }) => parameters.some(one => one.parameter_name !== undefined))
  const text = (parameters: { parameter_name?: string }[]) =>
    `Text ${parameters.map((one, i) => `{{${one.parameter_name ?? i + 1}}}`).join(' and ')} end`
  const typeOf: Record<string, string> = { copy_code: 'COPY_CODE', quick_reply: 'QUICK_REPLY', url: 'URL' }
  const buttons = components
    .filter(({ type }) => type === 'button')
    .map(({ sub_type = '' }) => ({ type: typeOf[sub_type], url: 'https://x.example/{{1}}' }))
  const all = components.flatMap(({ type, parameters }): Json[] => {
    if (type === 'body') return [{ type: 'BODY', text: text(parameters) }]
    const [first] = parameters
    if (type !== 'header') return []
    return [
      first?.type === 'text'
        ? { type: 'HEADER', format: 'TEXT', text: text(parameters) }
        : { type: 'HEADER', format: first?.type.toUpperCase() },
    ]
  })
  const parts = [
    ...(all.some(({ type }) => type === 'BODY') ? all : [...all, { type: 'BODY', text: 'Hello' }]),
    { type: 'BUTTONS', buttons },
  ]
  await store.models.templates.deleteMany({ tenantId, name })
  await store.models.templates.create([
    {
      tenantId,
      wabaId,
      name,
      language: language.code,
      category,
      status: 'APPROVED',
      components: parts,
      parameterFormat: isNamed ? 'NAMED' : 'POSITIONAL',
      variables: [],
    } as unknown as TemplateDoc,
  ])
}
