import axios, { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios'
import { Agent } from 'undici'
import type { CallAccount } from '../domain/graph-calls.ts'
import type { ErrorReport } from '../domain/messages/send-errors.ts'
import { spans } from '../process/spans/spans.ts'
import { childTrace } from '../process/trace.ts'
import { type CallUsage, parseAccepted, parseErrorEnvelope, parseJson, regainMs, retryAfterMs, usageOf } from './answers.ts'
import { ExchangeError, undiciAdapter } from './undici-adapter.ts'
import {
  type StreamedBody,
  sampleBody,
  sampleHeaders,
  type UploadFile,
  uploadForm,
  uploadPath,
  uploadTimeoutMs,
} from './upload.ts'

export interface MetaClientOptions {
  /** Base address such as `https://graph.facebook.com`, the only host that is called. */
  baseUrl: string
  /** Version of the Graph API, such as `v25.0`. */
  version: string
  /** Most connections, and so most calls in flight: no call waits for the answer of another. */
  connections?: number
  connectTimeoutMs?: number
  /** Timeout in ms from the call to the last byte of the answer. */
  timeoutMs?: number
  maxResponseBytes?: number
}

interface Measured {
  /** HTTP status; null without an answer. */
  httpStatus: number | null
  latencyMs: number
  /** Meta's `fbtrace_id`, for its support. */
  traceId: string | null
}
/** Call that Meta refused. `retryAfterMs`: wait that Meta asks for by `Retry-After` or its usage estimate; 0 without one. */
export type Refused = Measured & { kind: 'refused'; error: ErrorReport; retryAfterMs: number }
/** Call with an unknown outcome: Meta may or may not have executed it. */
export type Unknown = Measured & { kind: 'unknown'; why: string }
/** Call that was not executed: no byte of it was sent. `retryAfterMs`: set if it was held back for Meta's call limit. */
export type Unsent = Measured & { kind: 'unsent'; why: string; retryAfterMs?: number }

/** Accepted message. @see sendMessage */
export interface Accepted extends Measured {
  kind: 'accepted'
  wamid: string
  /** WhatsApp id of the recipient, which may differ from the requested one (Brazil, Mexico). */
  waId: string | null
  userId: string | null
  /** Status of a template send: `accepted`, `held_for_quality_assessment`, `paused`. */
  messageStatus: string | null
}
export type SendResult = Accepted | Refused | Unknown | Unsent
export type { CallUsage } from './answers.ts'
/** Result of a Graph call; with `usage` where Meta reports it. */
export type GraphResult =
  | (Measured & { kind: 'ok'; data: Record<string, unknown>; usage?: CallUsage })
  | Refused
  | Unknown
  | Unsent

export interface GraphRequest {
  token: string
  /** Account whose limit counts the call; without one only the app's limit does. */
  account?: CallAccount
  query?: Record<string, string | number>
  body?: Record<string, unknown>
  timeoutMs?: number
}

/** Endpoints that take a message: any, or marketing templates alone. */
export type SendEndpoint = 'messages' | 'marketing_messages'

export interface MetaClient extends AsyncDisposable {
  /**
   * Sends a message. The outcome is the value; errors of Meta or the network do not throw.
   * @param options.traceparent of the attempt, whose child the span of the call is; Meta is not told of it
   */
  sendMessage(
    phoneNumberId: string,
    token: string,
    body: Record<string, unknown>,
    options?: { endpoint?: SendEndpoint; traceparent?: string | null },
  ): Promise<SendResult>
  /** Uploads a file to a number, streamed. The `id` in the answer is valid for 30 days and for this number alone. */
  uploadMedia(phoneNumberId: string, token: string, file: UploadFile): Promise<GraphResult>
  /** Uploads a file to our app as the sample of a template's header; `h` in the answer is its handle. */
  uploadSample(appId: string, token: string, file: UploadFile): Promise<GraphResult>
  /** Calls any other Graph API endpoint; `path` without the version, such as `123/phone_numbers`. */
  graph: Record<'get' | 'post' | 'delete', (path: string, request: GraphRequest) => Promise<GraphResult>>
}

/** Client of the Graph API with kept-alive connections. */
export function createMetaClient(options: MetaClientOptions): MetaClient {
  const { baseUrl, version, connections = 128, connectTimeoutMs = 10_000, timeoutMs = 30_000 } = options
  // pipelining 1: one call at a time on a connection, kept alive between calls. 0 would close it after each.
  const agent = new Agent({
    connections,
    pipelining: 1,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 10_000,
  })
  const http = axios.create({
    baseURL: `${baseUrl.replace(/\/+$/, '')}/${version}/`,
    timeout: timeoutMs,
    adapter: undiciAdapter(agent, options.maxResponseBytes ?? 2 * 1024 * 1024),
    // Bodies are serialised and parsed here, once, and every status is an answer.
    transformRequest: [],
    transformResponse: [],
    validateStatus: null,
  })
  const host = new URL(baseUrl).hostname
  const call = (method: 'get' | 'post' | 'delete') => (path: string, request: GraphRequest) =>
    exchange(http, method, path, request).then(answer => (isMeasured(answer) ? answer : readGraph(answer)))
  return {
    async sendMessage(phoneNumberId, token, body, { endpoint = 'messages', traceparent: parent = null } = {}) {
      const startedAt = performance.now()
      const answer = await exchange(http, 'post', `${encodeURIComponent(phoneNumberId)}/${endpoint}`, { token, body })
      const result = isMeasured(answer) ? answer : readSend(answer)
      if (spans.record !== null) recordSend(result, { host, endpoint, parent, startedAt })
      return result
    },
    async uploadMedia(phoneNumberId, token, file) {
      const request = { token, form: uploadForm(file), timeoutMs: uploadTimeoutMs(file) }
      const answer = await exchange(http, 'post', `${encodeURIComponent(phoneNumberId)}/media`, request)
      return isMeasured(answer) ? answer : readGraph(answer)
    },
    async uploadSample(appId, token, file) {
      const query = { file_name: file.filename, file_length: file.size, file_type: file.mimeType }
      const session = await call('post')(`${encodeURIComponent(appId)}/uploads`, { token, query })
      if (session.kind !== 'ok') return session
      const path = uploadPath(session.data.id)
      if (path === null) return { ...session, kind: 'unknown', why: 'the answer names no upload' }
      const request = { token, form: sampleBody(file), timeoutMs: uploadTimeoutMs(file), headers: sampleHeaders(token) }
      const answer = await exchange(http, 'post', path, request)
      return isMeasured(answer) ? answer : readGraph(answer)
    },
    graph: { get: call('get'), post: call('post'), delete: call('delete') },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

/** The span of a call that sends a message. */
function recordSend(
  result: SendResult,
  call: { host: string; endpoint: SendEndpoint; parent: string | null; startedAt: number },
): void {
  const { host, endpoint, parent, startedAt } = call
  const code = result.kind === 'refused' ? result.error.code : null
  spans.record?.({
    name: `POST /{phone-number-id}/${endpoint}`,
    kind: 'client',
    traceparent: childTrace(parent),
    parent,
    startedAt,
    error: result.kind === 'accepted' ? null : String(code ?? result.httpStatus ?? result.kind),
    attributes: {
      'http.request.method': 'POST',
      'url.template': `/{phone-number-id}/${endpoint}`,
      'server.address': host,
      'http.response.status_code': result.httpStatus,
      'linko.outcome': result.kind,
      'linko.meta.error.code': code,
    },
  })
}

interface Answer {
  response: AxiosResponse<string>
  json: Record<string, unknown> | null
  measured: Measured
}

async function exchange(
  http: AxiosInstance,
  method: string,
  path: string,
  { token, query, body, form, timeoutMs, headers }: GraphRequest & { form?: StreamedBody; headers?: Record<string, string> },
): Promise<Answer | Unknown | Unsent> {
  const startedAt = performance.now()
  const latencyMs = () => Math.round(performance.now() - startedAt)
  try {
    const response = await http.request<string>({
      method,
      url: path,
      headers: { authorization: `Bearer ${token}`, ...(body && JSON_TYPE), ...(form && typeOf(form)), ...headers },
      ...(query && { params: query }),
      ...(body && { data: JSON.stringify(body) }),
      ...(form && { data: form.stream }),
      ...(timeoutMs && { timeout: timeoutMs }),
    })
    const json = parseJson(response.data)
    return {
      response,
      json,
      measured: { httpStatus: response.status, latencyMs: latencyMs(), traceId: traceIdOf(response, json) },
    }
  } catch (error) {
    if (!(error instanceof AxiosError)) throw error
    const kind = error instanceof ExchangeError && !error.isWritten ? 'unsent' : 'unknown'
    return { kind, why: `${error.code ?? 'error'}: ${error.message}`, httpStatus: null, latencyMs: latencyMs(), traceId: null }
  }
}

function readSend(answer: Answer): SendResult {
  const { response, json, measured } = answer
  if (response.status < 200 || response.status >= 300) return readFailure(answer)
  const accepted = parseAccepted(json)
  if (accepted === null) return { kind: 'unknown', why: 'the answer names no message id', ...measured }
  return { kind: 'accepted', ...accepted, ...measured }
}

function readGraph(answer: Answer): GraphResult {
  const { response, json, measured } = answer
  if (response.status < 200 || response.status >= 300) return readFailure(answer)
  if (json === null) return { kind: 'unknown', why: 'the answer is not a JSON object', ...measured }
  const usage = usageOf(response.headers)
  return { kind: 'ok', data: json, ...(usage && { usage }), ...measured }
}

/** Reads a failed answer. An envelope is a refusal under any status; without one a 502, 504 and the like may hide a success. */
function readFailure({ response, json, measured }: Answer): Refused | Unknown {
  const { status } = response
  const envelope = parseErrorEnvelope(json)
  if (envelope === null && status > 500 && status !== 503) return { kind: 'unknown', why: `HTTP ${status}`, ...measured }
  const error: ErrorReport = { ...(envelope ?? { code: null }), httpStatus: status }
  return { kind: 'refused', error, retryAfterMs: askedWaitMs(response), ...measured }
}

/** Wait that Meta asks for: the longer of `Retry-After` and its usage estimate. */
const askedWaitMs = ({ headers }: AxiosResponse) =>
  Math.max(retryAfterMs(headers['retry-after'], Date.now()), regainMs(headers['x-business-use-case-usage']))

function traceIdOf(response: AxiosResponse, json: Record<string, unknown> | null): string | null {
  const error = json?.error as { fbtrace_id?: unknown } | undefined
  const traceId = error?.fbtrace_id ?? response.headers['x-fb-trace-id']
  return typeof traceId === 'string' ? traceId.slice(0, 100) : null
}

const JSON_TYPE = { 'content-type': 'application/json' }
const typeOf = ({ contentType, length }: StreamedBody) => ({ 'content-type': contentType, 'content-length': String(length) })
const isMeasured = (value: Answer | Unknown | Unsent): value is Unknown | Unsent => 'kind' in value
