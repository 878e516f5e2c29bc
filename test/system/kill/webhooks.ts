import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { sign } from '#shared/meta/signature.ts'
import { APP_SECRET } from '#test/load/bed.ts'
import { between, type Random } from './random.ts'

export const dispatcher = new Agent({ connections: 64, connectTimeout: 2000, headersTimeout: 15_000, bodyTimeout: 15_000 })
/** Wait before a request without an answer is repeated. */
export const AGAIN_MS = 200
const COPIES = 0.25
const COPY_AFTER_MS = 4000

export function webhookOf(phoneNumberId: string, part: object): Buffer {
  const metadata = { display_phone_number: '212600111222', phone_number_id: phoneNumberId }
  const value = { messaging_product: 'whatsapp', metadata, ...part }
  const entry = [{ id: '310200450078901', changes: [{ value, field: 'messages' }] }]
  return Buffer.from(JSON.stringify({ object: 'whatsapp_business_account', entry }))
}

export interface Deliveries {
  /** Posts a webhook as Meta does, until it is answered 200; some come once or twice more afterwards. */
  deliver(body: Buffer): Promise<void>
  /** Posts with a copy of an earlier webhook, and posts that had no answer. */
  counts: { copies: number; repeats: number }
  /** Resolves when all copies are delivered too. */
  ended(): Promise<void>
}

/** @param url of a receiver that is alive */
export function createDeliveries(random: Random, url: () => Promise<string>): Deliveries {
  const counts = { copies: 0, repeats: 0 }
  const copies = new Set<Promise<void>>()

  async function post(body: Buffer): Promise<void> {
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(body, APP_SECRET) }
    for (;;) {
      const address = `${await url()}/api/v1/webhook`
      const status = await request(address, { method: 'POST', body, headers, dispatcher }).then(
        answer => answer.body.dump().then(() => answer.statusCode),
        () => 0,
      )
      if (status === 200) return
      counts.repeats++
      await sleep(AGAIN_MS)
    }
  }

  function copy(body: Buffer): void {
    counts.copies++
    const job: Promise<void> = sleep(random() * COPY_AFTER_MS)
      .then(() => post(body))
      .finally(() => copies.delete(job))
    copies.add(job)
  }

  return {
    counts,
    async deliver(body) {
      await post(body)
      if (random() > COPIES) return
      for (let i = between(random, 1, 2); i > 0; i--) copy(body)
    },
    ended: async () => void (await Promise.all(copies)),
  }
}
