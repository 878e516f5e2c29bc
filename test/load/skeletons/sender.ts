import { Agent as HttpAgent } from 'node:http'
import axios from 'axios'
import { Agent, request } from 'undici'
import { undiciAdapter } from '#shared/meta/undici-adapter.ts'
import { inFlight } from '../measure/figures.ts'

/** The bare HTTP client, posting what the sender posts: nothing read, nothing recorded. Which one is the argument. */
export interface PostJob {
  url: string
  posts: number
  atOnce: number
}

const [kind] = process.argv.slice(2)
const headers = { authorization: 'Bearer EAAbenchToken', 'content-type': 'application/json' }
const dispatcher = new Agent({ connections: 400, pipelining: 1 })
const bare = axios.create({ httpAgent: new HttpAgent({ keepAlive: true, maxSockets: 400 }) })
const overUndici = axios.create({ adapter: undiciAdapter(dispatcher, 1 << 20), transformRequest: [], transformResponse: [] })

type Post = (url: string, body: object) => Promise<unknown>
const CLIENTS: Record<string, Post> = {
  axios: (url, body) => bare.post(url, body, { headers }),
  'axios-undici': async (url, body) => JSON.parse((await overUndici.post(url, JSON.stringify(body), { headers })).data),
  undici: async (url, body) =>
    (await request(url, { method: 'POST', body: JSON.stringify(body), headers, dispatcher })).body.json(),
}
const post = CLIENTS[kind ?? ''] as Post

const bodyOf = (i: number) => ({
  messaging_product: 'whatsapp',
  recipient_type: 'individual',
  type: 'text',
  text: { body: `Bonjour, votre entretien est confirmé (${i})` },
  to: `+2126${String(70_000_000 + i)}`,
  biz_opaque_callback_data: `c:1:${String(i).padStart(24, '0')}`,
})

process.on('message', async (job: PostJob) => {
  const startedAt = performance.now()
  await inFlight(job.atOnce, job.posts, i => post(`${job.url}/v25.0/10000000000${10 + (i % 40)}/messages`, bodyOf(i)))
  process.send?.({ perSecond: job.posts / ((performance.now() - startedAt) / 1000) })
})
process.send?.({ port: 0 })
process.on('SIGTERM', () => process.exit(0))
