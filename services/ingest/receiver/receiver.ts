import { isUtf8 } from 'node:buffer'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import express, { type Request, type Response } from 'express'
import { signatureIsValid } from '#shared/meta/signature.ts'
import { webhookAck, webhookReceived } from '#shared/process/metrics.ts'
import { type DurableDeps, makeDurable } from './make-durable.ts'
import { readEnvelope } from './split.ts'

/** The webhook paths of Linko and of the systems that it replaces; all have the same handler. */
export const WEBHOOK_PATHS = ['/api/v1/webhook', '/webhook', '/api/webhooks', '/api/webhooks/whatsapp']
/** Meta's bodies have up to 3 MB. */
const MAX_BODY_BYTES = 3.5 * 1024 * 1024
const MAX_IN_FLIGHT = 500
const MAX_CHALLENGE = 256

export interface ReceiverDeps extends DurableDeps {
  /** Several while a secret is being replaced. */
  secrets: readonly string[]
  verifyToken: string
}

/**
 * The webhook endpoint: verifies the signature, splits the body by routing key, makes the parts durable and answers. It does
 * not use the database. An exact webhook path bypasses express, which would cost as much as the signature check.
 */
export function createReceiver(deps: ReceiverDeps): RequestListener {
  let inFlight = 0
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

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (inFlight >= MAX_IN_FLIGHT) return refuse(response, 503, 'OVERLOADED', 'refused')
    inFlight++
    try {
      await receive(request, response, deps)
    } catch (error) {
      logFailure(error)
      refuse(response, 503, 'NOT_DURABLE', 'refused')
    } finally {
      inFlight--
    }
  }

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.get(WEBHOOK_PATHS, (request, response) => answerChallenge(request, response, deps.verifyToken))
  app.post(WEBHOOK_PATHS, handle)
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

async function receive(request: IncomingMessage, response: ServerResponse, deps: ReceiverDeps): Promise<void> {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') return refuse(response, 415, 'ENCODING_NOT_SUPPORTED', 'bad_body')
  const raw = await readBody(request)
  if (raw === 'too large') return refuse(response, 413, 'BODY_TOO_LARGE', 'too_large')
  if (raw === 'aborted') return
  const receivedAt = Date.now()
  const startedAt = performance.now()
  if (!signatureIsValid(raw, signatureOf(request), deps.secrets))
    return refuse(response, 401, 'WHATSAPP_SIGNATURE_INVALID', 'bad_signature')
  const body = isUtf8(raw) ? readEnvelope(raw) : null
  if (body === null) return refuse(response, 400, 'WEBHOOK_BODY_INVALID', 'bad_body')
  const { traceparent } = request.headers
  const received = { body, bytes: raw, receivedAt, traceparent: typeof traceparent === 'string' ? traceparent : null }
  const outcome = await makeDurable(deps, received)
  answered[outcome].inc()
  webhookAck.observe((performance.now() - startedAt) / 1000)
  response.statusCode = 200
  response.end()
}

/** Node joins repeated headers with a comma, which makes the signature invalid. */
function signatureOf(request: IncomingMessage): string | undefined {
  const header = request.headers['x-hub-signature-256']
  return Array.isArray(header) ? header.join(',') : header
}

function readBody(request: IncomingMessage): Promise<Buffer | 'too large' | 'aborted'> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return Promise.resolve('too large')
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_BODY_BYTES) {
        request.removeAllListeners('data')
        resolve('too large')
      } else chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
    request.on('error', () => resolve('aborted'))
    request.on('close', () => resolve('aborted'))
  })
}

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  503: 'Service Unavailable',
}

/** Answers with a problem document. The connection is closed when the body was not read to its end. */
function refuse(response: ServerResponse, status: number, errorCode: string, outcome: string): void {
  webhookReceived.inc({ outcome })
  if (response.headersSent || response.destroyed) return
  const problem = { type: 'about:blank', title: TITLES[status], status, errorCode }
  response.statusCode = status
  response.setHeader('content-type', 'application/problem+json')
  if (status === 413 || status === 415) response.setHeader('connection', 'close')
  if (status === 503) response.setHeader('retry-after', '5')
  response.end(JSON.stringify(problem))
}

/** Answers Meta's `GET` at the set-up of the webhook: the plain challenge for the right token, 403 otherwise. */
function answerChallenge(request: Request, response: Response, verifyToken: string): void {
  const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = request.query
  const isRight = mode === 'subscribe' && typeof token === 'string' && isSameText(token, verifyToken)
  if (!isRight || typeof challenge !== 'string' || challenge.length > MAX_CHALLENGE) {
    response.status(403).end()
    return
  }
  response.setHeader('x-content-type-options', 'nosniff')
  response.status(200).type('text/plain').send(challenge)
}

const isSameText = (a: string, b: string) =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
