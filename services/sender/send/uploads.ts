import { setTimeout as sleep } from 'node:timers/promises'
import { ownMedia, withMetaIds } from '#shared/domain/messages/media-slots.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import type { GraphResult, MetaClient, Refused, Unsent } from '#shared/meta/client.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { summarizeError } from '#shared/process/error-summary.ts'
import type { Logger } from '#shared/process/logger.ts'
import { mediaUploads } from '#shared/process/metrics.ts'
import { nullIfGone, type ObjectStorage } from '#shared/storage/object-storage.ts'
import { mediaKey } from '#shared/storage/open.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { findSendable } from '#shared/store/inbox/media-files.ts'
import { findUpload, forgetUpload, keepUploaded, type UploadKey } from '#shared/store/inbox/media-uploads.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import type { SendingNumber } from '../numbers.ts'

export interface UploadDeps {
  store: Store
  storage: ObjectStorage
  meta: Pick<MetaClient, 'uploadMedia'>
  clock: ServerClock
  log: Logger
}

/** The result of preparing a message that contains media of ours. */
export type Prepared =
  /** `isKept`: a file had been uploaded before, so Meta may have lost it. */
  | { kind: 'ready'; payload: MessageDoc['payload']; metaIds: ReadonlyMap<string, string>; isKept: boolean }
  /** A file is still being uploaded. */
  | { kind: 'later'; delayMs: number }
  /** The upload failed or has an unknown outcome; either way the message was not sent. */
  | { kind: 'failed'; result: Refused | Unsent }
  | { kind: 'gone' }

type Uploaded = { kind: 'uploaded'; metaId: string; isKept: boolean } | Exclude<Prepared, { kind: 'ready' }>

/**
 * How long the message that starts an upload waits for it: well below the lease of its row. Others that share it are postponed.
 */
const MAX_WAIT_MS = 10_000
/** Bounds of a postponement. */
const [MIN_DELAY_MS, MAX_DELAY_MS] = [500, 5000]
/** How long ids are cached: another process may have found that Meta lost one. */
const CACHE_MS = 60_000
/** How long a final refusal of a file is cached, so that it is not uploaded again for the next recipients. */
const REFUSED_MS = 60_000
const NO_IDS: ReadonlyMap<string, string> = new Map()

interface Flight {
  /** Start of the upload, by `performance.now()`. */
  since: number
  /** Resolves when the store has answered; null when the file must be uploaded. */
  known: Promise<Uploaded | null>
  done: Promise<Uploaded>
}

export const createUploads = (deps: UploadDeps): Uploads => new Uploads(deps)

/**
 * Uploads our files to the numbers that send them: once for each number, when a message first needs the file, and again after the
 * 30 days for which Meta keeps it. Messages that need the same file meanwhile share its upload.
 */
export class Uploads {
  readonly #deps: UploadDeps
  /** Outcomes that hold for a while, by file and number. */
  readonly #settled = new TtlCache<string, Uploaded>(5000)
  /** Uploads under way, by file and number. */
  readonly #flights = new Map<string, Flight>()

  constructor(deps: UploadDeps) {
    this.#deps = deps
  }

  /** Replaces the ids of our files by Meta's, uploading what it does not have. */
  async prepare(message: MessageDoc, number: SendingNumber): Promise<Prepared> {
    const payload = message.payload ?? {}
    const mediaIds = [...new Set(ownMedia(payload).map(({ media }) => media.id as string))]
    if (mediaIds.length === 0) return { kind: 'ready', payload, metaIds: NO_IDS, isKept: false }
    const token = number.token ?? ''
    const found = await Promise.all(mediaIds.map(mediaId => this.#metaIdOf(keyOf(message, mediaId), token)))
    const metaIds = new Map<string, string>()
    let isKept = false
    for (const [i, one] of found.entries()) {
      if (one.kind !== 'uploaded') return one
      metaIds.set(mediaIds[i] as string, one.metaId)
      isKept ||= one.isKept
    }
    return { kind: 'ready', payload: withMetaIds(payload, metaIds), metaIds, isKept }
  }

  /** Forgets ids that Meta no longer knows: the next attempt uploads these files again. */
  async forget(message: MessageDoc, metaIds: ReadonlyMap<string, string>): Promise<void> {
    const { store, log } = this.#deps
    for (const [mediaId, metaId] of metaIds) {
      const key = keyOf(message, mediaId)
      const name = nameOf(key)
      const known = this.#settled.get(name)
      if (known?.kind === 'uploaded' && known.metaId === metaId) this.#settled.delete(name)
      await forgetUpload(store, key, metaId).catch(error => log.warn({ err: error, mediaId }, 'upload record not deleted'))
    }
  }

  async #metaIdOf(key: UploadKey, token: string): Promise<Uploaded> {
    const name = nameOf(key)
    const before = this.#settled.get(name)
    if (before) return before
    const inFlight = this.#flights.get(name)
    const flight = inFlight ?? this.#begin(name, key, token)
    const known = await flight.known
    if (known) return known
    const elapsed = performance.now() - flight.since
    const later = { kind: 'later' as const, delayMs: Math.round(Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, elapsed))) }
    if (inFlight) return later
    return await Promise.race([flight.done, sleep(MAX_WAIT_MS, later, { ref: false })])
  }

  #begin(name: string, key: UploadKey, token: string): Flight {
    const known = this.#lookUp(key).catch(readFailure)
    const done = known.then(async one => one ?? (await this.#upload(key, token).catch(readFailure)))
    const flight = { since: performance.now(), known, done }
    this.#flights.set(name, flight)
    void done.then(one => {
      this.#flights.delete(name)
      const keptMs = keptFor(one)
      if (keptMs > 0) this.#settled.set(name, one.kind === 'uploaded' ? { ...one, isKept: true } : one, keptMs)
    })
    return flight
  }

  async #lookUp(key: UploadKey): Promise<Uploaded | null> {
    const { store, clock } = this.#deps
    const metaId = await findUpload(store, key, clock.now())
    return metaId === null ? null : { kind: 'uploaded', metaId, isKept: true }
  }

  async #upload(key: UploadKey, token: string): Promise<Uploaded> {
    const { store, storage, meta } = this.#deps
    const { tenantId, mediaId, phoneNumberId } = key
    const file = await findSendable(store, tenantId, mediaId)
    const content = file && (await storage.get(mediaKey(tenantId, mediaId)).catch(nullIfGone))
    if (!file || !content) return { kind: 'gone' }
    const { mimeType, size } = file
    const answer = await meta
      .uploadMedia(phoneNumberId, token, { mimeType, size, filename: file.filename ?? mediaId, content })
      .finally(() => content.destroy())
    mediaUploads.inc({ outcome: answer.kind })
    return this.#keep(key, size, answer)
  }

  async #keep(key: UploadKey, size: number, answer: GraphResult): Promise<Uploaded> {
    const { store, clock, log } = this.#deps
    const ids = { mediaId: key.mediaId, tenantId: String(key.tenantId), phoneNumberId: key.phoneNumberId }
    if (answer.kind !== 'ok' || typeof answer.data.id !== 'string') {
      const why = answer.kind === 'refused' ? answer.error.code : 'why' in answer ? answer.why : 'no id'
      log.warn({ ...ids, outcome: answer.kind, why }, 'file not uploaded')
      return { kind: 'failed', result: notSent(answer) }
    }
    const metaId = answer.data.id
    log.info({ ...ids, size, latencyMs: answer.latencyMs }, 'file uploaded')
    await keepUploaded(store, key, metaId, clock.now()).catch(error => log.warn({ err: error, ...ids }, 'upload not recorded'))
    return { kind: 'uploaded', metaId, isKept: false }
  }
}

const keyOf = ({ tenantId, phoneNumberId }: MessageDoc, mediaId: string): UploadKey => ({ tenantId, mediaId, phoneNumberId })
const nameOf = ({ mediaId, phoneNumberId }: UploadKey) => `${mediaId}:${phoneNumberId}`

function keptFor(one: Uploaded): number {
  if (one.kind === 'uploaded') return CACHE_MS
  const isFinal = one.kind === 'failed' && one.result.kind === 'refused' && describeError(one.result.error).class === 'FAIL'
  return isFinal ? REFUSED_MS : 0
}

/** An upload with an unknown outcome counts as not sent: no message names the file, so it may be uploaded again. */
function notSent(answer: GraphResult): Refused | Unsent {
  if (answer.kind === 'refused') return answer
  const why = 'why' in answer ? answer.why : 'the answer contains no id'
  const { httpStatus, latencyMs, traceId } = answer
  return { kind: 'unsent', why: `the file was not uploaded: ${why}`, httpStatus, latencyMs, traceId }
}

const readFailure = (error: Error): Uploaded => ({
  kind: 'failed',
  result: {
    kind: 'unsent',
    why: `the file was not read: ${summarizeError(error).message}`,
    httpStatus: null,
    latencyMs: 0,
    traceId: null,
  },
})
