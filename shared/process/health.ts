import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { metricsPage } from './metrics.ts'

type Parts = Record<string, boolean>
export interface ReadinessReport {
  /** Required parts, such as { mongodb: true, rabbitmq: false }; one that is false makes the process not ready. */
  required: Parts
  /** Parts that are reported but do not affect readiness. */
  informational?: Parts
}
export type Readiness = () => ReadinessReport

/** Where `/metrics` is served: beside the routes of the service, or alone on a port of its own. */
export interface MetricsConfig {
  HOST: string
  METRICS_PORT?: number | undefined
  METRICS_HOST?: string | undefined
}

/**
 * `/health` (the process is alive), `/ready` (it can do its work: 200 or 503, each part in the body) and, unless they have a port
 * of their own, `/metrics`. Returns true if it answered the request, so that a service can try it before its own routes.
 */
export async function answerHealth(
  request: IncomingMessage,
  response: ServerResponse,
  ready: Readiness,
  { METRICS_PORT }: Pick<MetricsConfig, 'METRICS_PORT'> = {},
): Promise<boolean> {
  const path = pathOf(request)
  const isOwn = path === '/health' || path === '/ready' || (path === '/metrics' && METRICS_PORT === undefined)
  if (request.method !== 'GET') return isOwn && refuseMethod(response)
  if (path === '/health') return json(response, 200, { status: 'ok' })
  if (path === '/ready') {
    const { required, informational = {} } = ready()
    const isReady = Object.values(required).every(Boolean)
    return json(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', required, informational })
  }
  return path === '/metrics' && METRICS_PORT === undefined ? answerMetrics(response) : false
}

/** They are read and nothing else. */
function refuseMethod(response: ServerResponse): true {
  const problem = { type: 'about:blank', title: 'Method Not Allowed', status: 405, errorCode: 'METHOD_NOT_ALLOWED' }
  response.writeHead(405, { 'content-type': 'application/problem+json', allow: 'GET', connection: 'close' })
  response.end(JSON.stringify(problem))
  return true
}

/** `/metrics` and nothing else, on `METRICS_PORT`; null when that is not set. */
export async function serveMetrics(config: MetricsConfig): Promise<(AsyncDisposable & { port: number }) | null> {
  const { HOST, METRICS_HOST = HOST, METRICS_PORT } = config
  if (METRICS_PORT === undefined) return null
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || pathOf(request) !== '/metrics') return answerNotFound(response)
    answerMetrics(response).catch(() => response.destroy())
  })
  return listen(server, METRICS_HOST, METRICS_PORT)
}

async function answerMetrics(response: ServerResponse): Promise<true> {
  const page = await metricsPage()
  response.writeHead(200, { 'content-type': page.contentType }).end(page.body)
  return true
}

/** A problem document that says nothing about the address, nor about what answers there. A body is not waited for. */
export function answerNotFound(response: ServerResponse): void {
  const problem = { type: 'about:blank', title: 'Not Found', status: 404, errorCode: 'NOT_FOUND' }
  const { headers } = response.req
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
    response.setHeader('connection', 'close')
  response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
}

const pathOf = ({ url }: IncomingMessage) => url?.split('?')[0]

/** HTTP server for a service without routes of its own (the sender). */
export async function serveHealth(options: {
  host: string
  port: number
  ready: Readiness
  metrics: Pick<MetricsConfig, 'METRICS_PORT'>
}): Promise<AsyncDisposable & { port: number }> {
  const server = createServer((request, response) => {
    answerHealth(request, response, options.ready, options.metrics)
      .then(taken => taken || answerNotFound(response))
      .catch(() => response.destroy())
  })
  return listen(server, options.host, options.port)
}

/** Starts listening; disposing stops accepting connections and waits at most 10 s for open requests. */
export async function listen(server: Server, host: string, port: number): Promise<AsyncDisposable & { port: number }> {
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), 10_000).unref()
      await closed
    },
  }
}

function json(response: ServerResponse, status: number, body: unknown): true {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  return true
}
