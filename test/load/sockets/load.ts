import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { percentile } from '../measure/figures.ts'

/** A process of its own that only listens: bare WebSockets that speak no more of Socket.io than it takes. */
export interface ListenJob {
  kind: 'listen'
  port: number
  tokens: string[]
}
export interface CountJob {
  kind: 'count'
  port: number
  /** Deliveries that are awaited. */
  count: number
}
export interface CountResult {
  deliveries: number
  perSecond: number
  p50: number
  p99: number
}

interface Counter {
  port: number
  left: number
  delays: number[]
  firstAt: number
  lastAt: number
  done(): void
}
let counter: Counter | null = null
const EVENT = Buffer.from('42[')
const SENT_AT = Buffer.from('"sentAt":')

/** `sentAt` of the payload is the sender's clock in ms since 1970, with fractions. */
function countEvent(port: number, text: Buffer): void {
  if (counter === null || counter.port !== port) return
  const at = text.indexOf(SENT_AT)
  if (at < 0) return
  const now = performance.timeOrigin + performance.now()
  const sentAt = Number.parseFloat(text.toString('latin1', at + SENT_AT.length, at + SENT_AT.length + 20))
  if (counter.delays.length === 0) counter.firstAt = now
  counter.delays.push(now - sentAt)
  counter.lastAt = now
  if (--counter.left === 0) counter.done()
}

/** A text frame of less than 64 KB, masked as a client must. */
function frame(text: string): Buffer {
  const body = Buffer.from(text)
  const head =
    body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255])
  return Buffer.concat([head, Buffer.alloc(4), body])
}

/** Resolves when Socket.io has accepted the session. */
function open(port: number, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let rest: Buffer = Buffer.alloc(0)
    let isUpgraded = false
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed the connection')))
    socket.on('connect', () => {
      const key = randomBytes(16).toString('base64')
      socket.write(
        `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: ${key}\r\nsec-websocket-version: 13\r\n\r\n`,
      )
    })
    socket.on('data', chunk => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      if (!isUpgraded) {
        const end = rest.indexOf('\r\n\r\n')
        if (end < 0) return
        if (!rest.subarray(0, 12).toString().endsWith('101')) return void reject(new Error(rest.subarray(0, 200).toString()))
        isUpgraded = true
        rest = rest.subarray(end + 4)
      }
      rest = readFrames(rest, text => answer(socket, port, token, text, resolve))
    })
  })
}

function answer(socket: Socket, port: number, token: string, text: Buffer, ready: () => void): void {
  if (text.subarray(0, 3).equals(EVENT)) {
    if (text.subarray(3, 18).toString() === '"session:ready"') ready()
    else countEvent(port, text)
    return
  }
  if (text[0] === 0x30) socket.write(frame(`40${JSON.stringify({ token })}`))
  if (text[0] === 0x32) socket.write(frame('3'))
}

/** Emits the complete frames and returns the rest. */
function readFrames(bytes: Buffer, emit: (text: Buffer) => void): Buffer {
  let at = 0
  while (at + 2 <= bytes.length) {
    const short = (bytes[at + 1] as number) & 127
    const headLength = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + headLength > bytes.length) break
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    if (at + headLength + length > bytes.length) break
    emit(bytes.subarray(at + headLength, at + headLength + length))
    at += headLength + length
  }
  return bytes.subarray(at)
}

async function listen({ port, tokens }: ListenJob): Promise<{ opened: number }> {
  for (let i = 0; i < tokens.length; i += 100) await Promise.all(tokens.slice(i, i + 100).map(token => open(port, token)))
  return { opened: tokens.length }
}

function count({ port, count: left }: CountJob): Promise<CountResult> {
  return new Promise(resolve => {
    counter = { port, left, delays: [], firstAt: 0, lastAt: 0, done }
    process.send?.('counting')
    function done(): void {
      const { delays, firstAt, lastAt } = counter as Counter
      counter = null
      delays.sort((a, b) => a - b)
      const deliveries = delays.length
      resolve({
        deliveries,
        perSecond: (deliveries * 1000) / (lastAt - firstAt),
        p50: percentile(delays, 0.5),
        p99: percentile(delays, 0.99),
      })
    }
  })
}

process.on('message', (job: ListenJob | CountJob) => {
  const work = job.kind === 'listen' ? listen(job) : count(job)
  work.then(
    result => process.send?.(result),
    error => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.send?.({ port: 0 })
