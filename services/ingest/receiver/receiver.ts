import { isUtf8 } from 'node:buffer'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import express, { type NextFunction, type Request, type Response } from 'express'
import { clientAddress } from '#shared/http/client-address.ts'
import { networkOf } from '#shared/http/client-network.ts'
import { isSignature, signatureIsValid } from '#shared/meta/signature.ts'
import { answerNotFound } from '#shared/process/health.ts'
import { webhookAck, webhookReceived } from '#shared/process/metrics.ts'
import { spans } from '#shared/process/spans/spans.ts'
import { childTrace } from '#shared/process/trace.ts'
import { type BodyReader, createBodyReader, type NoBody } from './bodies.ts'
import { type DurableDeps, makeDurable } from './make-durable.ts'
import { readEnvelope } from './split.ts'

/** The webhook paths of Linko and of the systems that it replaces; all have the same handler. */
export const WEBHOOK_PATHS = ['/api/v1/webhook', '/webhook', '/api/webhooks', '/api/webhooks/whatsapp']
/** Signed bodies between their last byte and their answer. */
const MAX_IN_HAND = { bodies: 500, bytes: 128 * 1024 * 1024 }
const MAX_CHALLENGE = 256

export interface ReceiverDeps extends DurableDeps {
  /** Several while a secret is being replaced. */
  secrets: readonly string[]
  verifyToken: string
  /** Number of proxies in front whose `X-Forwarded-For` is believed; 0 by default. */
  trustProxy?: number
  bodies?: BodyReader
  /** Hears of each connection that sends a body with the right signature. */
  onProven?(socket: Socket): void
}

/**
 * The webhook endpoint: verifies the signature, splits the body by routing key, makes the parts durable and answers. It does
 * not use the database. An exact webhook path bypasses express, which would cost as much as the signature check.
 */
export function createReceiver(deps: ReceiverDeps): RequestListener {
  const door: Door = { ...deps, bodies: deps.bodies ?? createBodyReader(), inHand: { bodies: 0, bytes: 0 } }
  let failed = 0
  let loggedAt = 0
  /** Logs at most once a second: a full disk fails every webhook. */
  function logFailure(error: unknown): void {
    failed++
    if (Date.now() - loggedAt < 1000) return
    deps.log.error({ err: error, failed }, 'webhooks refused')
    loggedAt = Date.now()
    failed = 0
  }

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    try {
      await receive(request, response, door)
    } catch (error) {
      logFailure(error)
      refuse(request, response, 503, 'NOT_DURABLE', 'refused')
    }
  }

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.get(WEBHOOK_PATHS, (request, response) => answerChallenge(request, response, deps.verifyToken))
  app.post(WEBHOOK_PATHS, handle)
  app.use((_request: Request, response: Response) => answerNotFound(response))
  // An address that cannot be decoded exists as little as any other.
  app.use((_error: unknown, _request: Request, response: Response, _next: NextFunction) => answerNotFound(response))
  const direct = new Set(WEBHOOK_PATHS)
  return (request, response) => {
    if (request.method === 'POST' && direct.has(request.url ?? '')) void handle(request, response)
    else app(request, response)
  }
}

/** Counters of the two frequent outcomes, looked up once because a lookup by label is slow. */
const answered = {
  accepted: webhookReceived.labels({ outcome: 'accepted' }),
  spooled: webhookReceived.labels({ outcome: 'spooled' }),
}

type Door = ReceiverDeps & {
  bodies: BodyReader
  inHand: { bodies: number; bytes: number }
}

/** Only a body that was read whole and has the right signature is in hand: who has proven nothing takes no place of Meta's. */
async function receive(request: IncomingMessage, response: ServerResponse, door: Door): Promise<void> {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity')
    return refuse(request, response, 415, 'ENCODING_NOT_SUPPORTED', 'bad_body')
  const signature = signatureOf(request)
  if (!isSignature(signature)) return refuse(request, response, 401, 'WHATSAPP_SIGNATURE_INVALID', 'bad_signature')
  const content = await door.bodies.read(request, addressOf(request, door))
  if (typeof content === 'string') return refuseUnread(request, response, content)
  const startedAt = performance.now()
  if (!signatureIsValid(content, signature, door.secrets))
    return refuse(request, response, 401, 'WHATSAPP_SIGNATURE_INVALID', 'bad_signature')
  door.onProven?.(request.socket)
  const { inHand } = door
  if (inHand.bodies >= MAX_IN_HAND.bodies || inHand.bytes >= MAX_IN_HAND.bytes)
    return refuse(request, response, 503, 'OVERLOADED', 'refused')
  inHand.bodies++
  inHand.bytes += content.length
  try {
    await accept(request, response, door, content, startedAt)
  } finally {
    inHand.bodies--
    inHand.bytes -= content.length
  }
}

async function accept(
  request: IncomingMessage,
  response: ServerResponse,
  door: Door,
  raw: Buffer,
  startedAt: number,
): Promise<void> {
  const receivedAt = Date.now()
  const body = isUtf8(raw) ? readEnvelope(raw) : null
  if (body === null) return refuse(request, response, 400, 'WEBHOOK_BODY_INVALID', 'bad_body')
  const traceparent = traceOf(request)
  const received = { body, bytes: raw, receivedAt, traceparent }
  let outcome: Awaited<ReturnType<typeof makeDurable>>
  try {
    outcome = await makeDurable(door, received)
  } catch (error) {
    if (traceparent !== null) recordWebhook(request, { traceparent, startedAt, status: 503 })
    throw error
  }
  if (spans.record !== null && traceparent !== null) recordWebhook(request, { traceparent, startedAt, status: 200 })
  answered[outcome].inc()
  webhookAck.observe((performance.now() - startedAt) / 1000)
  response.statusCode = 200
  response.end()
}

/** The trace of a webhook; null where its message's id is enough: Meta sends no `traceparent`. */
function traceOf({ headers: { traceparent } }: IncomingMessage): string | null {
  return traceparent === undefined && spans.record === null ? null : childTrace(parentOf(traceparent))
}

const parentOf = (traceparent: string | string[] | undefined) => (typeof traceparent === 'string' ? traceparent : null)

/** The span of a signed webhook, from its last byte to its answer. */
function recordWebhook(
  { url, headers }: IncomingMessage,
  { traceparent, startedAt, status }: { traceparent: string; startedAt: number; status: number },
): void {
  const route = WEBHOOK_PATHS.find(path => path === url?.split('?')[0]) ?? null
  spans.record?.({
    name: route === null ? 'POST' : `POST ${route}`,
    kind: 'server',
    traceparent,
    parent: parentOf(headers.traceparent),
    startedAt,
    error: status >= 500 ? String(status) : null,
    attributes: { 'http.request.method': 'POST', 'http.route': route, 'http.response.status_code': status },
  })
}

const addressOf = ({ socket, headers }: IncomingMessage, { trustProxy = 0 }: Door) =>
  networkOf(clientAddress(socket.remoteAddress, headers['x-forwarded-for'], trustProxy))

/** Node joins repeated headers with a comma, which makes the signature invalid. */
function signatureOf(request: IncomingMessage): string | undefined {
  const header = request.headers['x-hub-signature-256']
  return Array.isArray(header) ? header.join(',') : header
}

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  408: 'Request Timeout',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  503: 'Service Unavailable',
}

function refuseUnread(request: IncomingMessage, response: ServerResponse, why: NoBody): void {
  if (why === 'too large') refuse(request, response, 413, 'BODY_TOO_LARGE', 'too_large')
  if (why === 'too slow') refuse(request, response, 408, 'BODY_TOO_SLOW', 'too_slow')
  if (why === 'crowded out') refuse(request, response, 503, 'OVERLOADED', 'crowded_out')
}

/** Answers with a problem document. The connection is closed when the body was not read to its end. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, errorCode: string, outcome: string): void {
  webhookReceived.inc({ outcome })
  if (response.headersSent || response.destroyed) return
  const problem = { type: 'about:blank', title: TITLES[status], status, errorCode }
  response.statusCode = status
  response.setHeader('content-type', 'application/problem+json')
  if (!request.complete) response.setHeader('connection', 'close')
  if (status === 503) response.setHeader('retry-after', '5')
  response.end(JSON.stringify(problem))
}

/** Answers Meta's `GET` at the set-up of the webhook: the plain challenge for the right token, 403 otherwise. */
function answerChallenge(request: Request, response: Response, verifyToken: string): void {
  const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = request.query
  const isRight = mode === 'subscribe' && typeof token === 'string' && verifyToken !== '' && isSameText(token, verifyToken)
  if (!isRight || typeof challenge !== 'string' || challenge.length > MAX_CHALLENGE) {
    response.status(403).end()
    return
  }
  response.setHeader('x-content-type-options', 'nosniff')
  response.status(200).type('text/plain').send(challenge)
}

const isSameText = (a: string, b: string) =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
