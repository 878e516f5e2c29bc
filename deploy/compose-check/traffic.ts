import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEMO_TENANTS } from '../demo/world.ts'

/** Addresses of a running demo. */
export interface Addresses {
  api: string
  simulator: string
}

/** What was promised: messages that the API accepted, and texts of customers that Meta was told 200 for, or will tell again. */
export interface Promised {
  accepted: string[]
  received: string[]
}

const { phoneNumberId } = DEMO_TENANTS.demo
const CUSTOMERS = 24
const customer = (i: number) => `2126619000${String(i % CUSTOMERS).padStart(2, '0')}`
const DONE = ['SENT', 'DELIVERED', 'READ']

interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: answers of many routes
  body: any
}

/** Drives a running demo by its public interfaces only: REST, and the control of the simulator. */
export function createTraffic({ api, simulator }: Addresses) {
  let token = ''

  async function call(method: string, url: string, body?: unknown): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const init = {
      method,
      headers,
      signal: AbortSignal.timeout(20_000),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }
    const response = await fetch(url, init)
    return { status: response.status, body: await response.json().catch(() => null) }
  }

  const simulate = (path: string, body?: unknown) => call(body === undefined ? 'GET' : 'POST', `${simulator}/_sim/${path}`, body)

  async function signIn(): Promise<void> {
    const credentials = { email: 'demo@whatsapp-saas.com', password: 'Demo@123456', client: 'api' }
    const { status, body } = await call('POST', `${api}/auth/login`, credentials)
    if (status !== 200) throw new Error(`the sign-in answered ${status}`)
    token = body.accessToken
  }

  /** Customers write and users answer, until `stop`. Failed calls promise nothing: while services stop, there are some. */
  function start(): { promised: Promised; stop(): Promise<void> } {
    const promised: Promised = { accepted: [], received: [] }
    const run = randomUUID()
    let isRunning = true
    const repeat = async (everyMs: number, once: (i: number) => Promise<void>) => {
      for (let i = 0; isRunning; i++) {
        await once(i).catch(() => undefined)
        await sleep(everyMs)
      }
    }
    const writing = repeat(60, async i => {
      const message = `customer ${i} ${run}`
      const { status } = await simulate('inbound', { phoneNumberId, from: customer(i), name: 'Salma', message })
      if (status === 201) promised.received.push(message)
    })
    const answering = repeat(60, async i => {
      const { status, body } = await call('POST', `${api}/messages/send`, { to: `+${customer(i)}`, text: `answer ${i} ${run}` })
      if (status === 202) promised.accepted.push(body.id)
    })
    return {
      promised,
      async stop() {
        isRunning = false
        await Promise.all([writing, answering])
      },
    }
  }

  /** Opens the windows of the customers, so that free texts may be sent to them. */
  async function greet(): Promise<void> {
    for (let i = 0; i < CUSTOMERS; i++)
      await simulate('inbound', { phoneNumberId, from: customer(i), name: 'Salma', message: 'Bonjour' })
    await simulate('idle')
    await sleep(3000)
  }

  /**
   * What is not as promised: an accepted message that was not sent, or twice, and a text that is not stored, or twice. With
   * `mayFail` a message may have failed, but then it was not sent either: its process died before the call.
   */
  async function broken({ accepted, received }: Promised, { mayFail }: { mayFail: boolean }): Promise<string[]> {
    const posted = await postsById()
    const lines: string[] = []
    for (const id of accepted) {
      const { body } = await call('GET', `${api}/messages/by-id/${id}`)
      const times = posted.get(id) ?? 0
      const isRight = DONE.includes(body?.status) ? times === 1 : mayFail && body?.status === 'FAILED' && times === 0
      if (!isRight) lines.push(`message ${id} is ${body?.status}, posted ${times} times`)
    }
    const stored = await storedTexts()
    for (const text of received) if (stored.get(text) !== 1) lines.push(`"${text}" is stored ${stored.get(text) ?? 0} times`)
    return lines
  }

  /** How often Meta accepted each of our messages. */
  async function postsById(): Promise<Map<string, number>> {
    const { body } = await simulate('messages?limit=100000')
    const counts = new Map<string, number>()
    for (const { callbackData } of body.data as { callbackData: string | null }[]) {
      const id = /[0-9a-f]{24}/.exec(callbackData ?? '')?.[0] ?? ''
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    return counts
  }

  /** The texts of the customers' messages, with how often each is stored. */
  async function storedTexts(): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    const conversations = await all(`${api}/conversations?limit=100`)
    for (const { id } of conversations)
      for (const { direction, content } of await all(`${api}/conversations/${id}/messages?limit=100`))
        if (direction === 'INBOUND') counts.set(content.text, (counts.get(content.text) ?? 0) + 1)
    return counts
  }

  // biome-ignore lint/suspicious/noExplicitAny: rows of several routes
  async function all(url: string): Promise<any[]> {
    const rows: unknown[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { status, body } = await call('GET', cursor ? `${url}&cursor=${encodeURIComponent(cursor)}` : url)
      if (status !== 200) throw new Error(`${url} answered ${status}`)
      rows.push(...body.data)
      cursor = body.nextCursor ?? null
    }
    return rows
  }

  return { signIn, start, greet, broken }
}

export type Traffic = ReturnType<typeof createTraffic>
