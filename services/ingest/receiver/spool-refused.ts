import { readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { Logger } from '#shared/process/logger.ts'
import { syncDirectory, writeDurably } from './spool-files.ts'

/** What is reported about a body that no queue can take. */
export interface RefusedBody {
  /** Name of the file in `refused/` that holds the body. */
  file: string
  /** Routing key of the body; that of accounts when it could not be split. */
  key: string
  bytes: number
  /** Arrival, ms since 1970. */
  receivedAt: number
  reason: string
}

export interface RefusedOptions {
  dir: string
  log: Logger
  /** Resolves after the broker's confirm of the dead letter. A failure is repeated until it succeeds. */
  report(body: RefusedBody): Promise<void>
}

const BODY = '.body'
const LETTER = '.letter.json'
const RETRY_MS = [100, 500, 2000, 5000, 30_000]

/**
 * Bodies that can never be published, each in a file that is kept until a person removes it. Beside it lies a letter, which is
 * removed when its dead letter is published: so one is published also after a restart.
 */
export class RefusedBodies implements AsyncDisposable {
  readonly #options: RefusedOptions
  readonly #closing = new AbortController()
  readonly #letters: string[] = []
  #count = 0
  #reporting: Promise<void> | null = null

  private constructor(options: RefusedOptions) {
    this.#options = options
  }

  static async open(options: RefusedOptions): Promise<RefusedBodies> {
    const refused = new RefusedBodies(options)
    const names = await readdir(options.dir).catch(() => [])
    refused.#count = names.filter(name => name.endsWith(BODY)).length
    refused.#enqueue(names.filter(name => name.endsWith(LETTER)).sort())
    return refused
  }

  /** Number of files. */
  get count(): number {
    return this.#count
  }

  /** Resolves when the body and its letter are on the disk. @throws when the disk fails */
  async keep(key: string, body: Buffer, receivedAt: number, error: unknown): Promise<void> {
    const { dir, log } = this.#options
    const file = `${receivedAt}-${key}-${crc32(body).toString(16).padStart(8, '0')}${BODY}`
    const reason = error instanceof Error ? error.message : String(error)
    const letter: RefusedBody = { file, key, bytes: body.length, receivedAt, reason }
    await writeDurably(path.join(dir, file), [body])
    await writeDurably(path.join(dir, file + LETTER), [Buffer.from(JSON.stringify(letter))])
    log.error({ key, file, bytes: body.length, reason }, 'webhook kept aside: no queue takes it')
    this.#count++
    if (!this.#letters.includes(file + LETTER)) this.#enqueue([file + LETTER])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#reporting
  }

  #enqueue(letters: string[]): void {
    this.#letters.push(...letters)
    if (this.#letters.length > 0) this.#reporting ??= this.#reportAll()
  }

  async #reportAll(): Promise<void> {
    const { signal } = this.#closing
    for (let failures = 0; this.#letters.length > 0 && !signal.aborted; ) {
      try {
        await this.#reportOne(this.#letters[0] as string)
        this.#letters.shift()
        failures = 0
      } catch (error) {
        if (failures === 0) this.#options.log.warn({ err: error }, 'dead letter of a refused webhook not published yet')
        await sleep(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)], undefined, { signal }).catch(() => undefined)
      }
    }
    this.#reporting = null
  }

  async #reportOne(name: string): Promise<void> {
    const { dir, report } = this.#options
    const written = await readFile(path.join(dir, name), 'utf8').catch(() => '')
    await report(readLetter(name.slice(0, -LETTER.length), written))
    await rm(path.join(dir, name), { force: true })
    await syncDirectory(dir)
  }
}

/** A letter that cannot be read is still published: the body is there. */
function readLetter(file: string, written: string): RefusedBody {
  try {
    return JSON.parse(written) as RefusedBody
  } catch {
    return { file, key: '', bytes: 0, receivedAt: Number.parseInt(file, 10) || 0, reason: 'no queue takes it' }
  }
}
