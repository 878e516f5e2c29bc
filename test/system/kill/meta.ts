import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseCallbackData } from '#shared/domain/messages/callback-data.ts'
import { between, type Random } from './random.ts'
import { webhookOf } from './webhooks.ts'

/** A message that Meta accepted. */
export interface Post {
  messageId: string | undefined
  to: string
  text: string
}

export interface Meta extends AsyncDisposable {
  url: string
  /** In the order of arrival. */
  posts: Post[]
  /** Statuses that are not delivered yet. */
  pending(): number
}

const STATUSES = ['sent', 'delivered', 'read'] as const
const ANSWER_MS = 40
const STATUS_EVERY_MS = 400

/**
 * Meta: accepts every message after a moment, and reports three statuses of each; some come before the answer, and in another
 * order. `deliver` posts a webhook until it is answered 200.
 */
export async function startMeta(random: Random, deliver: (body: Buffer) => Promise<void>): Promise<Meta> {
  const posts: Post[] = []
  let pending = 0

  async function report(phoneNumberId: string, status: object, afterMs: number): Promise<void> {
    pending++
    await sleep(afterMs)
    await deliver(webhookOf(phoneNumberId, { statuses: [status] }))
    pending--
  }

  function accept(phoneNumberId: string, body: MessageBody): string {
    const { to, biz_opaque_callback_data: callback } = body
    posts.push({ messageId: parseCallbackData(callback)?.messageId, to, text: body.text.body })
    const wamid = `wamid.OUT${posts.length}`
    const timestamp = String(Math.floor(Date.now() / 1000))
    for (const [i, status] of STATUSES.entries()) {
      const afterMs = between(random, 0, STATUS_EVERY_MS) + (i * STATUS_EVERY_MS) / 2
      void report(phoneNumberId, { id: wamid, recipient_id: to, status, timestamp, biz_opaque_callback_data: callback }, afterMs)
    }
    return wamid
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks = await request.toArray()
    response.setHeader('content-type', 'application/json')
    // Checks of numbers and tokens, lists of templates: an empty answer changes nothing.
    if (request.method !== 'POST') return void response.end('{"data":[]}')
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as MessageBody
    if (body.status === 'read') return void response.end('{"success":true}')
    const id = accept(request.url?.split('/').at(-2) ?? '', body)
    await sleep(between(random, 0, ANSWER_MS))
    const contacts = [{ input: body.to, wa_id: body.to }]
    response.end(JSON.stringify({ messaging_product: 'whatsapp', contacts, messages: [{ id }] }))
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    pending: () => pending,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

interface MessageBody {
  status?: string
  to: string
  text: { body: string }
  biz_opaque_callback_data: string
}
