import { setTimeout as sleep } from 'node:timers/promises'
import { ownMedia, withMetaIds } from '#shared/domain/messages/media-slots.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import type { GraphResult, MetaClient, Refused, Unsent } from '#shared/meta/client.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import { mediaUploads } from '#shared/process/metrics.ts'
import { ObjectNotFound, type ObjectStorage } from '#shared/storage/object-storage.ts'
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

/** A message whose files are of ours, made ready for Meta. */
export type Prepared =
  /** isKept: a file had been uploaded before, so Meta may have lost it. */
  | { kind: 'ready'; payload: MessageDoc['payload']; metaIds: ReadonlyMap<string, string>; isKept: boolean }
  /** A file is on its way to Meta. */
  | { kind: 'later'; delayMs: number }
  /** Nothing was sent, whatever became of the upload. */
  | { kind: 'failed'; result: Refused | Unsent }
  | { kind: 'gone' }

type Uploaded = { kind: 'uploaded'; metaId: string; isKept: boolean } | Exclude<Prepared, { kind: 'ready' }>

/** The first message of a file waits for its upload so long, well below the lease of its row; the others look again. */
const PATIENCE_MS = 10_000
const [SOONEST_MS, LATEST_MS] = [500, 5000]
/** Ids are asked of the store again now and then: another process may have found one to be lost. */
const KNOWN_MS = 60_000
/** What Meta refuses for good it refuses for the next recipient too. */
const REFUSED_MS = 60_000
const NOTHING: ReadonlyMap<string, string> = new Map()

interface Flight {
  since: number
  known: Promise<Uploaded | null>
  done: Promise<Uploaded>
}

/**
 * Hands files of ours to the numbers that send them: when a message first needs one, once for each number, and then again
 * when Meta's 30 days are over. Nothing is counted as sent before the message itself goes.
 */
export function createUploads({ store, storage, meta, clock, log }: UploadDeps) {
  const settled = new TtlCache<string, Uploaded>(5000)
  const flights = new Map<string, Flight>()

  async function prepare(message: MessageDoc, number: SendingNumber): Promise<Prepared> {
    const payload = message.payload ?? {}
    const wanted = [...new Set(ownMedia(payload).map(({ media }) => media.id as string))]
    if (wanted.length === 0) return { kind: 'ready', payload, metaIds: NOTHING, isKept: false }
    const found = await Promise.all(wanted.map(mediaId => metaIdOf(keyOf(message, mediaId), number.token ?? '')))
    const metaIds = new Map<string, string>()
    let isKept = false
    for (const [i, one] of found.entries()) {
      if (one.kind !== 'uploaded') return one
      metaIds.set(wanted[i] as string, one.metaId)
      isKept ||= one.isKept
    }
    return { kind: 'ready', payload: withMetaIds(payload, metaIds), metaIds, isKept }
  }

  async function metaIdOf(key: UploadKey, token: string): Promise<Uploaded> {
    const name = nameOf(key)
    const before = settled.get(name)
    if (before) return before
    const inFlight = flights.get(name)
    const flight = inFlight ?? begin(name, key, token)
    const known = await flight.known
    if (known) return known
    const elapsed = performance.now() - flight.since
    const later = { kind: 'later' as const, delayMs: Math.round(Math.min(LATEST_MS, Math.max(SOONEST_MS, elapsed))) }
    if (inFlight) return later
    return await Promise.race([flight.done, sleep(PATIENCE_MS, later, { ref: false })])
  }

  function begin(name: string, key: UploadKey, token: string): Flight {
    const known = lookUp(key).catch(failedToReach)
    const done = known.then(async one => one ?? (await upload(key, token).catch(failedToReach)))
    const flight = { since: performance.now(), known, done }
    flights.set(name, flight)
    void done.then(one => {
      flights.delete(name)
      const keptMs = keptFor(one)
      if (keptMs > 0) settled.set(name, one.kind === 'uploaded' ? { ...one, isKept: true } : one, keptMs)
    })
    return flight
  }

  async function lookUp(key: UploadKey): Promise<Uploaded | null> {
    const metaId = await findUpload(store, key, clock.now())
    return metaId === null ? null : { kind: 'uploaded', metaId, isKept: true }
  }

  async function upload(key: UploadKey, token: string): Promise<Uploaded> {
    const { tenantId, mediaId, phoneNumberId } = key
    const file = await findSendable(store, tenantId, mediaId)
    const content = file && (await storage.get(mediaKey(tenantId, mediaId)).catch(orGone))
    if (!file || !content) return { kind: 'gone' }
    const { mimeType, size } = file
    const answer = await meta
      .uploadMedia(phoneNumberId, token, { mimeType, size, filename: file.filename ?? mediaId, content })
      .finally(() => content.destroy())
    mediaUploads.inc({ outcome: answer.kind })
    const ids = { mediaId, tenantId: String(tenantId), phoneNumberId }
    if (answer.kind !== 'ok' || typeof answer.data.id !== 'string') {
      const why = answer.kind === 'refused' ? answer.error.code : 'why' in answer ? answer.why : 'no id'
      log.warn({ ...ids, outcome: answer.kind, why }, 'file not uploaded')
      return { kind: 'failed', result: notSent(answer) }
    }
    const metaId = answer.data.id
    log.info({ ...ids, size, latencyMs: answer.latencyMs }, 'file uploaded')
    await keepUploaded(store, key, metaId, clock.now()).catch(error => log.warn({ err: error, ...ids }, 'upload not noted'))
    return { kind: 'uploaded', metaId, isKept: false }
  }

  /** Meta does not know these ids (any more). */
  async function forget(message: MessageDoc, metaIds: ReadonlyMap<string, string>): Promise<void> {
    for (const [mediaId, metaId] of metaIds) {
      const key = keyOf(message, mediaId)
      const name = nameOf(key)
      const known = settled.get(name)
      if (known?.kind === 'uploaded' && known.metaId === metaId) settled.delete(name)
      await forgetUpload(store, key, metaId).catch(error => log.warn({ err: error, mediaId }, 'lost upload not forgotten'))
    }
  }

  return { prepare, forget }
}
export type Uploads = ReturnType<typeof createUploads>

const keyOf = ({ tenantId, phoneNumberId }: MessageDoc, mediaId: string): UploadKey => ({ tenantId, mediaId, phoneNumberId })
const nameOf = ({ mediaId, phoneNumberId }: UploadKey) => `${mediaId}:${phoneNumberId}`

function keptFor(one: Uploaded): number {
  if (one.kind === 'uploaded') return KNOWN_MS
  const isFinal = one.kind === 'failed' && one.result.kind === 'refused' && describeError(one.result.error).class === 'FAIL'
  return isFinal ? REFUSED_MS : 0
}

/** Whether Meta has the file after all matters to nobody: no message names it. */
function notSent(answer: GraphResult): Refused | Unsent {
  if (answer.kind === 'refused') return answer
  const why = 'why' in answer ? answer.why : 'the answer names no id'
  const { httpStatus, latencyMs, traceId } = answer
  return { kind: 'unsent', why: `its file was not uploaded: ${why}`, httpStatus, latencyMs, traceId }
}

const failedToReach = (error: Error): Uploaded => ({
  kind: 'failed',
  result: { kind: 'unsent', why: `its file was not read: ${error.message}`, httpStatus: null, latencyMs: 0, traceId: null },
})

function orGone(error: unknown): null {
  if (error instanceof ObjectNotFound) return null
  throw error
}
