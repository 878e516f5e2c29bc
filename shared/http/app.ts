import { randomUUID } from 'node:crypto'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import cors from 'cors'
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler, type Response } from 'express'
import helmet from 'helmet'
import { z } from 'zod'
import { ApiError, type FieldProblem, Outage } from '../domain/errors.ts'
import type { SentenceKey } from '../domain/sentence.ts'
import type { Logger } from '../process/logger.ts'
import { httpRequest } from '../process/metrics.ts'
import { scrub } from '../process/scrub.ts'
import { spans } from '../process/spans/spans.ts'
import { childTrace } from '../process/trace.ts'
import { issueView, shownKey } from './issues.ts'
import { recordRequest } from './request-span.ts'
import type { Caller, Reply, Route } from './route.ts'
import { cleanText, parseStrictJson, requirePlainKey } from './strict-json.ts'

export interface HttpAppOptions<Deps> {
  routes: readonly Route<Deps>[]
  deps: Deps
  log: Logger
  corsOrigins: readonly string[]
  /** Number of proxies in front whose X-Forwarded-For is trusted. */
  trustProxy: number
  /** @throws ApiError 401, 403, 400 */
  authenticate(request: Request, route: Route<Deps>): Promise<Caller | null>
  /** Counts the request and returns the rate-limit headers. @throws ApiError 429 */
  limit(route: Route<Deps>, caller: Caller | null, ip: string, body: unknown): Promise<Record<string, string>>
  /** Runs the work of a caller within its tenant, so that no query can reach another tenant's rows. */
  within<T>(caller: Caller, work: () => Promise<T>): Promise<T>
  /** Whether an error means that MongoDB, RabbitMQ or Redis is not available: the answer is 503. */
  isOutage(error: unknown): boolean
  /** Answers what is no route: the files of a dashboard. It calls `next` for what it does not have. */
  pages?: RequestHandler
  /** Time in which a JSON body must be complete. */
  bodyMs?: number
}

const BODY_LIMIT = 256 * 1024
/** Long enough for a body of `BODY_LIMIT` over a bad line. Uploads have the time that the server gives a request. */
const BODY_MS = 30_000
const JSON_TYPES = ['application/json', '+json']
const EXPOSED = [
  'x-request-id',
  'retry-after',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
  'idempotency-replayed',
  'preference-applied',
  'x-other-clients',
]
/** Schema of a route without a body, query or parameters: any member is refused. */
const NOTHING = z.strictObject({})

/** Express app for a list of routes: strict input, one form of error, rate limits, security headers, request log. */
export function createHttpApp<Deps>(options: HttpAppOptions<Deps>): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', options.trustProxy)
  app.set('query parser', false)
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: {
          defaultSrc: ["'self'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'", 'data:'],
          frameAncestors: ["'none'"],
        },
      },
      // What frame-ancestors says, for browsers that do not know it.
      xFrameOptions: { action: 'deny' },
    }),
  )
  app.use(cors({ origin: [...options.corsOrigins], credentials: true, exposedHeaders: EXPOSED }))
  app.use((request, response, next) => {
    const given = request.get('x-request-id')
    // An id that looks like a phone number or a token would be shortened in the log, and so be found nowhere.
    response.locals.requestId = given && /^[\w-]{1,64}$/.test(given) && scrub(given) === given ? given : randomUUID()
    response.locals.startedAt = performance.now()
    response.locals.traceparent = childTrace(request.get('traceparent'))
    response.setHeader('x-request-id', response.locals.requestId)
    if (request.path.startsWith('/api/')) response.setHeader('cache-control', 'no-store')
    next()
  })
  app.use((request, _response, next) => {
    if (request.is(JSON_TYPES)) endSlowBody(request, options.bodyMs ?? BODY_MS)
    next()
  })
  const isLarge = largeBodies(options.routes)
  const small = jsonText(BODY_LIMIT)
  app.use((request, response, next) => (isLarge(request) ? next() : small(request, response, next)))

  app.use(methodsOfFixed(options.routes))
  for (const route of options.routes) app[route.method](expressPath(route.path), serve(route, options))
  app.use(methodsOf(options.routes))
  if (options.pages) app.use(options.pages)
  app.use((_request, _response, next) => next(new ApiError(404, 'NOT_FOUND', 'No resource exists at this address.')))
  app.use(problemHandler(options))
  return app
}

const jsonText = (limit: number) => express.text({ type: JSON_TYPES, limit, inflate: false })

/** Whether a request is for a route that reads its body itself, once it knows the caller. */
function largeBodies<Deps>(routes: readonly Route<Deps>[]): (request: Request) => boolean {
  const large = routes.filter(({ maxBodyBytes }) => maxBodyBytes !== undefined)
  const patterns = large.map(({ method, path }) => ({ method, pattern: patternOf(path) }))
  return request => patterns.some(({ method, pattern }) => method.toUpperCase() === request.method && pattern.test(request.path))
}

const patternOf = (path: string) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i')

/** Ends the connection of a request whose body is not complete in time. */
function endSlowBody(request: Request, ms: number): void {
  const timer = setTimeout(() => request.destroy(), ms)
  request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}

const expressPath = (path: string) => path.replace(/\{(\w+)\}/g, ':$1')

function serve<Deps>(route: Route<Deps>, options: HttpAppOptions<Deps>) {
  const large = route.maxBodyBytes === undefined ? null : promisify(jsonText(route.maxBodyBytes))
  return async (request: Request, response: Response) => {
    response.locals.route = route.path
    const caller = route.action === null ? null : await options.authenticate(request, route)
    response.locals.caller = caller
    if (route.action !== null && caller === null)
      throw new ApiError(401, 'UNAUTHENTICATED', 'No valid credentials were given. Sign in, or send an API key.', {
        headers: { 'www-authenticate': 'Bearer' },
      })
    await large?.(request, response)
    const body = route.upload ? {} : readBody(request)
    const headers = await options.limit(route, caller, request.ip ?? '', body)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (route.action !== null && !caller?.may(route.action)) throw forbidden(caller)
    const upload = route.upload ? openUpload(request, route.upload) : null
    const checked = {
      caller,
      params: check(route.params ?? NOTHING, request.params, 400, 'PARAMETER_INVALID'),
      query: check(route.query ?? NOTHING, readQuery(request), 400, 'QUERY_INVALID'),
      body: check(route.body ?? NOTHING, body, 400, 'BODY_INVALID'),
      upload,
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
      ),
      ip: request.ip ?? '',
      requestId: response.locals.requestId,
      traceparent: response.locals.traceparent,
    }
    const handle = () => route.handle(checked, options.deps)
    await answer(response, route.status, await (caller ? options.within(caller, handle) : handle()))
    finish(request, response, options.log)
  }
}

const forbidden = (caller: Caller | null) =>
  caller?.refusal
    ? new ApiError(403, caller.refusal.errorCode, caller.refusal.detail)
    : new ApiError(403, 'FORBIDDEN', 'Your role does not allow this action.')

async function answer(response: Response, status: number, reply: Reply): Promise<void> {
  for (const [name, value] of Object.entries(reply.headers ?? {}))
    if (REPLACED.has(name)) response.setHeader(name, value)
    else response.append(name, value)
  response.status(reply.status ?? status)
  // A caller that disconnects in the middle is not a failure of the service.
  if (reply.stream) await pipeline(reply.stream, response).catch(() => response.destroy())
  else if (reply.body === undefined) response.end()
  else if (typeof reply.body === 'string') response.send(reply.body)
  else response.json(reply.body)
}

/** Headers that the app sets on every response and that a route may replace. */
const REPLACED = new Set(['cache-control', 'content-security-policy', 'cross-origin-opener-policy', 'x-content-type-options'])

/** Stream of an upload, which breaks beyond `maxBytes`. @throws ApiError 415 for another type, 413 for a declared excess length */
function openUpload(request: Request, { types, maxBytes }: { types: readonly string[]; maxBytes: number }): Readable {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (!types.includes(type) || request.headers['content-encoding'] !== undefined)
    throw new ApiError(415, 'CONTENT_TYPE_NOT_SUPPORTED', `The content type is not supported. Send ${types.join(' or ')}.`)
  const megabytes = Math.floor(maxBytes / 1_000_000)
  const tooLarge = () =>
    new ApiError(413, 'TOO_LARGE', `The file is larger than ${megabytes} MB.`, { parameters: { most: megabytes } })
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  let bytes = 0
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      done(bytes > maxBytes ? tooLarge() : null, chunk)
    },
  })
  // An error of the request is raised by the stream that the route reads.
  pipeline(request, bounded).catch(() => undefined)
  return bounded
}

/** Parsed JSON body; an absent one counts as an empty object. */
function readBody(request: Request): unknown {
  const given = typeof request.body === 'string' ? request.body : ''
  const hasOther = Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined
  if (given === '' && hasOther)
    throw new ApiError(415, 'CONTENT_TYPE_NOT_SUPPORTED', 'The content type is not supported. Send application/json.')
  return given === '' ? {} : parseStrictJson(given)
}

/** Query parameters; a repeated one is refused, because its meaning is not defined. */
function readQuery(request: Request): Record<string, string> {
  const query: Record<string, string> = {}
  const at = request.url.indexOf('?')
  if (at < 0) return query
  for (const [key, value] of new URLSearchParams(request.url.slice(at + 1))) {
    requirePlainKey(key, '', 'QUERY_INVALID')
    if (Object.hasOwn(query, key)) throw new ApiError(400, 'QUERY_DUPLICATE', `The parameter ${shownKey(key)} is given twice.`)
    query[key] = cleanText(value, shownKey(key), 'QUERY_INVALID')
  }
  return query
}

function check(schema: z.ZodType, value: unknown, status: number, errorCode: string): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.map(issueView)
  throw new ApiError(status, errorCode, errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; '), {
    errors,
  })
}

/**
 * Handler that answers 405 for addresses without parameters. `DELETE /users/names` is none of `DELETE /users/{id}`: the address is
 * another thing's.
 */
function methodsOfFixed<Deps>(routes: readonly Route<Deps>[]) {
  const fixed = Map.groupBy(
    routes.filter(({ path }) => !path.includes('{')),
    ({ path }) => path,
  )
  return (request: Request, _response: Response, next: (error?: unknown) => void) => {
    const methods = (fixed.get(request.path) ?? []).map(({ method }) => method.toUpperCase())
    const asked = request.method === 'HEAD' ? 'GET' : request.method
    if (methods.length === 0 || methods.includes(asked) || asked === 'OPTIONS') return next()
    next(methodNotAllowed(methods))
  }
}

/** Handler that answers 405 for the other paths that exist. */
function methodsOf<Deps>(routes: readonly Route<Deps>[]) {
  const patterns = routes.map(({ path, method }) => ({ method, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`) }))
  return (request: Request, _response: Response, next: (error?: unknown) => void) => {
    const methods = [
      ...new Set(patterns.filter(({ pattern }) => pattern.test(request.path)).map(({ method }) => method.toUpperCase())),
    ]
    if (methods.length === 0 || request.method === 'OPTIONS') return next()
    next(methodNotAllowed(methods))
  }
}

const methodNotAllowed = (methods: string[]) =>
  new ApiError(405, 'METHOD_NOT_ALLOWED', `This method is not allowed here. Allowed: ${methods.join(', ')}.`, {
    headers: { allow: methods.join(', ') },
  })

/** Error handler: RFC 9457 problem documents with the same members; an internal error shows only the request id. */
function problemHandler<Deps>({ log, isOutage }: HttpAppOptions<Deps>): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error)
    response.locals.isUnlogged = error instanceof ApiError && error.isUnlogged
    const problem = problemOf(isOutage(error) ? new Outage('a server is away', { cause: error }) : error)
    if (problem.status >= 500) {
      const { requestId, route } = response.locals
      // The sentence of an ApiError is for the caller, and may be Meta's.
      const err = error instanceof ApiError ? error.cause : error
      log.error({ ...(err !== undefined && { err }), errorCode: problem.errorCode, requestId, route }, 'request failed')
    }
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value)
    response.status(problem.status).type('application/problem+json')
    response.json({
      type: 'about:blank',
      title: problem.title,
      status: problem.status,
      // A sentence may quote what was given: no token and no phone number is told again.
      detail: scrub(problem.detail),
      errorCode: problem.errorCode,
      ...(problem.detailKey && { detailKey: scrubbed(problem.detailKey) }),
      errors: problem.errors.map(({ path, message, messageKey }) => ({
        path: scrub(path),
        message: scrub(message),
        ...(messageKey && { messageKey: scrubbed(messageKey) }),
      })),
      requestId: response.locals.requestId,
      ...problem.extra,
    })
    finish(request, response, log)
  }
}

const scrubbed = ({ key, parameters }: SentenceKey): SentenceKey => ({
  key,
  parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, scrub(value)])),
})

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

interface Problem {
  title: string
  status: number
  errorCode: string
  detail: string
  errors: FieldProblem[]
  detailKey: SentenceKey | null
  headers: Record<string, string>
  extra: Record<string, unknown>
}

function problemOf(error: unknown): Problem {
  const titled = (status: number, errorCode: string, detail: string, more: Partial<Problem> = {}): Problem => ({
    title: TITLES[status] ?? 'Error',
    status,
    errorCode,
    detail,
    errors: [],
    detailKey: null,
    headers: {},
    extra: {},
    ...more,
  })
  if (error instanceof ApiError) {
    const { status, errorCode, message, errors, detailKey, headers, extra } = error
    return titled(status, errorCode, message, { errors, detailKey, headers, extra })
  }
  if (error instanceof Outage)
    return titled(503, 'UNAVAILABLE', 'The service is temporarily unavailable. Try again in a few seconds.', {
      headers: { 'retry-after': '5' },
    })
  const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500
  if (status === 415)
    return titled(415, 'CONTENT_TYPE_NOT_SUPPORTED', 'The content type is not supported. Send application/json, uncompressed.')
  if (status === 413) {
    const limit = typeof error === 'object' && error !== null && 'limit' in error ? Number(error.limit) : BODY_LIMIT
    return titled(413, 'BODY_TOO_LARGE', `The body is larger than ${Math.floor(limit / 1024)} KiB.`)
  }
  if (status >= 400 && status < 500) return titled(status, 'REQUEST_INVALID', 'The request cannot be read.')
  return titled(500, 'INTERNAL', 'An internal error occurred. Contact support with the request id.')
}

function finish(request: Request, response: Response, log: Logger): void {
  const { route = 'none', startedAt, requestId, caller } = response.locals
  const ms = performance.now() - startedAt
  httpRequest.observe({ route, method: request.method, status: String(response.statusCode) }, ms / 1000)
  if (spans.record !== null) recordRequest(request, response)
  if (response.locals.isUnlogged) return
  const who = caller && { tenantId: caller.tenantId, by: `${caller.kind}:${caller.id}` }
  log.info({ requestId, method: request.method, route, status: response.statusCode, ms: Math.round(ms), ...who }, 'request')
}
