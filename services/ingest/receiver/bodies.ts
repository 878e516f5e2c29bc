import type { IncomingMessage } from 'node:http'
import { Admission } from './admission.ts'

/** Meta's bodies have up to 3 MB. */
const MAX_BODY_BYTES = 3.5 * 1024 * 1024
/** What a chunk costs beside its bytes: a body in chunks of one byte must not cost a hundred times what is counted. */
const CHUNK_BYTES = 256
/** Longest time between two looks at the speed of bodies. */
const MOST_CHECK_MS = 500

export interface BodyBounds {
  /** Bytes of all bodies that are being read. */
  mostBytes: number
  /** Time in which a body must begin to arrive. */
  startMs: number
  /** Least speed afterwards. */
  bytesPerMs: number
}
const BOUNDS: BodyBounds = { mostBytes: 64 * 1024 * 1024, startMs: 5000, bytesPerMs: 64 }

/** Why there is no body. `crowded out`: too many were being read, and this one had been silent longest. */
export type NoBody = 'too large' | 'too slow' | 'crowded out' | 'aborted'

export interface BodyReader {
  /**
   * Reads a body to its end.
   * @param address whom its bytes are counted for: when there are too many, whoever has the most loses bodies
   */
  read(request: IncomingMessage, address: string): Promise<Buffer | NoBody>
  /** Bytes of all bodies that are being read. */
  bytes(): number
}

/** Reads bodies of senders that have not proven anything yet, within bounds of memory and time. */
export function createBodyReader(bounds: BodyBounds = BOUNDS): BodyReader {
  const reading = new Admission<Reading>({ most: bounds.mostBytes })
  const open = new Set<Reading>()
  // One timer for all bodies: nearly all are there long before it looks.
  const checkSpeeds = () => {
    const nowMs = performance.now()
    for (const body of open) body.checkSpeed(nowMs)
  }
  setInterval(checkSpeeds, Math.min(MOST_CHECK_MS, bounds.startMs / 5)).unref()
  return {
    bytes: () => reading.sum(),
    read(request, address) {
      if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return Promise.resolve('too large')
      const body = new Reading(request, bounds, {
        grown: bytes => {
          for (const other of reading.add(body, address, bytes)) other.end('crowded out')
        },
        ended: () => {
          reading.remove(body)
          open.delete(body)
        },
      })
      open.add(body)
      return body.result
    },
  }
}

/** How long a body may take in all, after so many bytes of it. */
export const allowedMs = (bytes: number, { startMs, bytesPerMs }: BodyBounds) => startMs + bytes / bytesPerMs

/** One body that is being read. */
class Reading {
  readonly result: Promise<Buffer | NoBody>
  readonly #resolve: (result: Buffer | NoBody) => void
  readonly #request: IncomingMessage
  readonly #bounds: BodyBounds
  readonly #ended: () => void
  readonly #startedAt = performance.now()
  #chunks: Buffer[] = []
  #size = 0
  #isOver = false

  constructor(request: IncomingMessage, bounds: BodyBounds, on: { grown(bytes: number): void; ended(): void }) {
    const { promise, resolve } = Promise.withResolvers<Buffer | NoBody>()
    this.result = promise
    this.#resolve = resolve
    this.#request = request
    this.#bounds = bounds
    this.#ended = on.ended
    request.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#size += chunk.length
      if (this.#size > MAX_BODY_BYTES) this.end('too large')
      else on.grown(chunk.length + CHUNK_BYTES)
    })
    request.on('end', () => this.end(this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)))
    request.on('error', () => this.end('aborted'))
    request.on('close', () => this.end('aborted'))
  }

  /** Ends the reading; only the first end counts. */
  end(result: Buffer | NoBody): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!this.#request.complete) this.#request.removeAllListeners('data')
    this.#chunks = []
    this.#ended()
    this.#resolve(result)
  }

  /** Ends a body that is too slow. @param nowMs of `performance.now()` */
  checkSpeed(nowMs: number): void {
    if (nowMs - this.#startedAt >= allowedMs(this.#size, this.#bounds)) this.end('too slow')
  }
}
