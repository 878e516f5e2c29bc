import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Meta, as fast as node:http can be: 200 with a wamid after `latencyMs`. On request it reports what came, and starts again. */
export interface StubCount {
  posts: number
  /** performance.now() of this process. */
  firstAt: number
  lastAt: number
}

let latencyMs = 0
let count: StubCount = { posts: 0, firstAt: 0, lastAt: 0 }
let accepted = 0
const name = process.pid.toString(36)

const server = createServer((request, response) => {
  let to = ''
  request.on('data', (chunk: Buffer) => {
    to ||= /"to":"(\d+)"/.exec(chunk.toString('latin1'))?.[1] ?? ''
  })
  request.on('end', () => {
    count.lastAt = performance.timeOrigin + performance.now()
    if (count.posts++ === 0) count.firstAt = count.lastAt
    const answer = JSON.stringify({
      messaging_product: 'whatsapp',
      contacts: [{ input: to, wa_id: to }],
      messages: [{ id: `wamid.${name}${++accepted}` }],
    })
    const send = () => {
      response.setHeader('content-type', 'application/json')
      response.end(answer)
    }
    if (latencyMs > 0) setTimeout(send, latencyMs)
    else send()
  })
})
server.keepAliveTimeout = 60_000
process.on('message', (job: { latencyMs?: number; reset?: boolean }) => {
  const counted = count
  latencyMs = job.latencyMs ?? latencyMs
  if (job.reset) count = { posts: 0, firstAt: 0, lastAt: 0 }
  process.send?.(counted)
})
server.listen(0, '127.0.0.1', 4096, () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('SIGTERM', () => process.exit(0))
