import { openAccessToken } from '#shared/auth/client-tokens.ts'
import type { Keyring } from '#shared/auth/encryption.ts'
import { MediaJob } from '#shared/contracts/media-job.ts'
import { uncountedAccount } from '#shared/domain/graph-calls.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import { guardedRequest, RefusedAddress } from '#shared/http/guarded-request.ts'
import type { GraphResult, MetaClient } from '#shared/meta/client.ts'
import type { ClientDoc, EventDoc, MediaRef, MessageDoc } from '#shared/model/documents.ts'
import { summarizeError } from '#shared/process/error-summary.ts'
import type { Logger } from '#shared/process/logger.ts'
import { createEventPublisher, type EventPublisher } from '#shared/queue/publish-events.ts'
import { readMessage } from '#shared/queue/read-message.ts'
import { QUEUES } from '#shared/queue/topology.ts'
import { type Delivery, DONE, type Outcome, type Queue } from '#shared/queue/types.ts'
import type { ObjectStorage } from '#shared/storage/object-storage.ts'
import { mediaKey, thumbnailKey } from '#shared/storage/open.ts'
import type { Store } from '#shared/store/connect.ts'
import { findStoredConversation } from '#shared/store/inbox/conversations.ts'
import { isFileInUse } from '#shared/store/inbox/discarded-files.ts'
import { findMediaMessage, settleMedia } from '#shared/store/inbox/media.ts'
import { findByPhoneNumberId } from '#shared/store/numbers/clients.ts'
import { mediaSettled } from '#shared/views/events.ts'
import { asStream, BadFile, storeFile, thumbnailOf } from './file.ts'

export interface MediaDeps {
  store: Store
  queue: Queue
  storage: ObjectStorage
  meta: MetaClient
  keyring: Keyring
  /** Hosts of Meta's files: `host`, `host:port` or `*.domain`. The number's token is sent to no other host but that of `graphUrl`. */
  hosts: readonly string[]
  /** Address of the Graph API. Its host serves files too, by plain http if the API is called so: the simulator. */
  graphUrl: string
  /** Longest time for one download; default 5 min, in which 100 MB need 2.7 Mbit/s. */
  downloadMs?: number
  log: Logger
}

const CONCURRENCY = 4
const MAX_REDIRECTS = 3
/** Longest wait for Meta's answer and for each part of a file. */
const SILENCE_MS = 60_000
const DOWNLOAD_MS = 5 * 60_000
/** Longer than a download and all around it, so that the handler decides and not the queue. */
const HANDLER_MS = DOWNLOAD_MS + 60_000
/** A file that is too slow is tried again after a while, until its message is so old. */
const SLOW_WAIT_MS = 600_000
const SLOW_UNTIL_MS = 30 * 60_000
/** The last attempt that the retry queues allow: a failure is written to the message. */
const LAST_ATTEMPT = 6

/** A download that failed, and the state that this leaves the file in. */
class NotFetched extends Error {
  override readonly name = 'NotFetched'
  readonly state: 'FAILED' | 'EXPIRED' | null
  /** For the user, in Meta's words where it refused; logs have the code instead. */
  readonly problem: string
  /** @param state null when a later attempt may succeed @param code of Meta's refusal */
  constructor(problem: string, state: NotFetched['state'], code?: number | null) {
    super(code === undefined ? problem : `Meta refused with code ${code}`)
    this.state = state
    this.problem = problem
  }
}

/** Meta accepts no more calls for now. This is not an attempt. */
class RateLimited extends Error {
  override readonly name = 'RateLimited'
  readonly waitMs: number
  constructor(waitMs: number) {
    super(`Meta allows no more calls for ${Math.ceil(waitMs / 1000)} s`)
    this.waitMs = waitMs
  }
}

/** The download had not ended in time. Not an attempt while the message is young. */
class TooSlow extends Error {
  override readonly name = 'TooSlow'
}

/** Fetches the files of inbound messages soon after they arrive, because Meta keeps them only for days. */
export function startMediaWorker(deps: MediaDeps) {
  const events = createEventPublisher(deps)
  return deps.queue.consume(QUEUES.media, (delivery, signal) => handle({ ...deps, events, signal }, delivery), {
    prefetch: CONCURRENCY,
    handlerMs: HANDLER_MS,
    available: () => deps.store.takesWrites(),
  })
}

/** `signal` ends a download whose result nobody would settle any more. */
type Deps = MediaDeps & { events: EventPublisher; signal: AbortSignal }

async function handle(deps: Deps, delivery: Delivery): Promise<Outcome> {
  const job = readMessage(MediaJob, delivery)
  if (job === null) return { kind: 'dead-letter', reason: 'not a media job' }
  const message = await findMediaMessage(deps.store, job.tenantId, job.messageId)
  const media = message?.content.media
  if (!message || media?.state !== 'PENDING') return DONE
  try {
    const stored = await fetchFile(deps, message, media)
    const isSettled = await settle(deps, message, { state: 'STORED', problem: null, ...stored })
    if (!isSettled) await dropUnused(deps, message, media)
    return DONE
  } catch (error) {
    // Whoever aborted has returned the delivery: another worker may have it already.
    if (deps.signal.aborted) throw error
    return await handleFailure(deps, message, delivery, error)
  }
}

/** Deletes a file whose message was edited, revoked or erased meanwhile. If another worker stored the same file, it stays. */
async function dropUnused({ store, storage, log }: MediaDeps, message: MessageDoc, media: MediaRef): Promise<void> {
  if (await isFileInUse(store, message.tenantId, media.id)) return
  const { key, thumbnail } = keysOf(message, media)
  await storage.delete(key)
  await storage.delete(thumbnail)
  log.info({ messageId: String(message._id) }, 'file discarded')
}

/** Retries a failure that may pass, up to the last attempt. A final one is written to the message. */
async function handleFailure(deps: Deps, message: MessageDoc, { attempt }: Delivery, error: unknown): Promise<Outcome> {
  if (error instanceof RateLimited) return { kind: 'later', delayMs: error.waitMs }
  const isYoung = Date.now() - message.createdAt.getTime() < SLOW_UNTIL_MS
  if (error instanceof TooSlow && isYoung) {
    deps.log.warn({ messageId: String(message._id), attempt }, 'media too slow, tried again later')
    return { kind: 'later', delayMs: SLOW_WAIT_MS }
  }
  const isFinal = [BadFile, RefusedAddress, TooSlow].some(kind => error instanceof kind)
  const state = error instanceof NotFetched ? error.state : isFinal ? 'FAILED' : null
  deps.log.warn({ err: error, messageId: String(message._id), attempt }, 'media not fetched')
  if (state === null && attempt < LAST_ATTEMPT) return { kind: 'retry', error }
  const problem = error instanceof NotFetched ? error.problem : summarizeError(error).message
  await settle(deps, message, { state: state ?? 'FAILED', problem })
  return DONE
}

async function fetchFile(deps: Deps, message: MessageDoc, media: MediaRef): Promise<Partial<MediaRef>> {
  const client = await findByPhoneNumberId(deps.store, message.phoneNumberId)
  const token = client && openAccessToken(deps.keyring, client)
  if (client === null || token === null) throw new NotFetched('the number has no access token', null)
  if (media.metaId === null) throw new NotFetched('the webhook contains no file id', 'FAILED')
  const remote = await addressOf(deps, client, media.metaId, token)
  const { key, thumbnail } = keysOf(message, media)
  const claimed = { mimeType: media.mimeType ?? remote.mimeType, sha256: media.sha256 ?? remote.sha256 }
  const file = await inTime(deps, async () => storeFile(deps.storage, key, await download(deps, remote.url, token), claimed))
  const preview = await thumbnailOf(deps.storage, key, file)
  if (preview !== null) await deps.storage.put(thumbnail, asStream(preview), { contentType: 'image/jpeg' })
  return { size: file.size, mimeType: file.mimeType, hasThumbnail: preview !== null }
}

/** @throws TooSlow instead of the error by which a download ends that took too long */
async function inTime<T>({ downloadMs = DOWNLOAD_MS, signal }: Deps, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now()
  try {
    return await work()
  } catch (error) {
    const isOver = !signal.aborted && performance.now() - startedAt >= downloadMs
    throw isOver ? new TooSlow(`the download took longer than ${downloadMs / 1000} s`, { cause: error }) : error
  }
}

const keysOf = ({ tenantId }: MessageDoc, { id }: MediaRef) => ({
  key: mediaKey(tenantId, id),
  thumbnail: thumbnailKey(tenantId, id),
})

interface RemoteFile {
  url: string
  mimeType: string | null
  sha256: string | null
}

/** Asks Meta for the file's address, which is valid for five minutes: each attempt needs a new one. */
async function addressOf({ meta }: MediaDeps, client: ClientDoc, metaId: string, token: string): Promise<RemoteFile> {
  const answer: GraphResult = await meta.graph.get(encodeURIComponent(metaId), {
    token,
    account: uncountedAccount(client),
    query: { phone_number_id: client.phoneNumberId },
  })
  if (answer.kind === 'unsent' && answer.retryAfterMs) throw new RateLimited(answer.retryAfterMs)
  if (answer.kind === 'refused') {
    const { class: kind, waitS } = describeError(answer.error)
    if (kind === 'RETRY_LATER') throw new RateLimited(Math.max(answer.retryAfterMs, (waitS ?? 1) * 1000))
    const isGone = answer.httpStatus === 404 || (answer.error.code === 100 && answer.httpStatus === 400)
    throw new NotFetched(`Meta: ${answer.error.title ?? answer.error.code}`, isGone ? 'EXPIRED' : null, answer.error.code)
  }
  if (answer.kind !== 'ok' || typeof answer.data.url !== 'string')
    throw new NotFetched('the answer of Meta contains no address', null)
  const { mime_type: mimeType, sha256 } = answer.data
  return {
    url: answer.data.url,
    mimeType: typeof mimeType === 'string' ? mimeType : null,
    sha256: typeof sha256 === 'string' ? sha256 : null,
  }
}

async function download({ hosts, graphUrl, downloadMs = DOWNLOAD_MS, signal }: Deps, url: string, token: string) {
  const host = URL.parse(url)?.host ?? ''
  const graph = new URL(graphUrl)
  const listed = [...hosts, graph.host]
  if (!listed.some(known => isHost(known, host))) throw new RefusedAddress(`${host} is not one of Meta's hosts`)
  const response = await guardedRequest(url, {
    headers: { authorization: `Bearer ${token}` },
    allowedHosts: listed.filter(known => !known.startsWith('*.')),
    plainHosts: graph.protocol === 'http:' ? [graph.host] : [],
    redirects: MAX_REDIRECTS,
    timeoutMs: SILENCE_MS,
    totalMs: downloadMs,
    signal,
  })
  if (response.status === 200) return response.body
  response.body.resume()
  throw new NotFetched(
    `the download was answered ${response.status}`,
    response.status === 404 || response.status === 410 ? 'EXPIRED' : null,
  )
}

const isHost = (known: string, host: string) => (known.startsWith('*.') ? host.endsWith(known.slice(1)) : host === known)

/** Writes the file's state to the message and emits the event. @returns false when the message no longer waits for the file */
async function settle({ store, events }: Deps, message: MessageDoc, change: Partial<MediaRef>): Promise<boolean> {
  const event = await eventOf(store, message, { ...(message.content.media as MediaRef), ...change })
  const isSettled = await settleMedia(store, message, ['PENDING'], change, event)
  if (isSettled && event !== null) await events.publish([event], null)
  return isSettled
}

async function eventOf(store: Store, message: MessageDoc, media: MediaRef): Promise<EventDoc | null> {
  const { tenantId, conversationId } = message
  const conversation = await findStoredConversation(store, tenantId, conversationId)
  return conversation && mediaSettled(message, media, conversation, new Date())
}
