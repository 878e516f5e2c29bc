import { connect } from 'node:net'
import { inboundBody, signedRequest } from './bodies.ts'
import { percentile } from './measure/figures.ts'

/** A process of its own: 64 kept-alive connections, one webhook after the other on each, prepared and signed beforehand. */
export interface LoadJob {
  port: number
  seconds: number
  connections: number
}
export interface LoadResult {
  perSecond: number
  p50: number
  p99: number
  refused: number
}

const PREPARED = 8000
const CONTACTS = 2000
const requests = Array.from({ length: PREPARED }, (_, i) => signedRequest(inboundBody(i % CONTACTS, `LOAD${process.pid}x${i}`)))
let next = 0

async function load({ port, seconds, connections }: LoadJob): Promise<LoadResult> {
  const latencies: number[] = []
  const startedAt = performance.now()
  const until = startedAt + seconds * 1000
  const counts = await Promise.all(Array.from({ length: connections }, () => connection(port, until, latencies)))
  const elapsed = performance.now() - startedAt
  latencies.sort((a, b) => a - b)
  return {
    perSecond: latencies.length / (elapsed / 1000),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    refused: counts.reduce((sum, count) => sum + count, 0),
  }
}

/** Resolves with the number of answers that were not 200. */
function connection(port: number, until: number, latencies: number[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let sentAt = 0
    let refused = 0
    let answer = ''
    const send = () => {
      sentAt = performance.now()
      socket.write(requests[next++ % PREPARED] as Buffer)
    }
    socket.setEncoding('latin1')
    socket.on('connect', send)
    socket.on('data', (chunk: string) => {
      answer += chunk
      if (!isWhole(answer)) return
      const now = performance.now()
      if (answer.startsWith('HTTP/1.1 200')) latencies.push(now - sentAt)
      else refused++
      answer = ''
      if (now < until) return send()
      socket.end()
      resolve(refused)
    })
    socket.on('error', reject)
  })
}

/** An accepted webhook has no body, a refusal a short one. */
function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n')
  if (end < 0) return false
  const length = /content-length: (\d+)/i.exec(answer)?.[1]
  return answer.length >= end + 4 + Number(length ?? 0)
}

process.on('message', (job: LoadJob) => {
  load(job).then(
    result => process.send?.(result),
    error => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.send?.({ port: 0 })
