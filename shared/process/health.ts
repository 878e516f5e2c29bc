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

/**
 * `/health` (the process is alive), `/ready` (it can do its work: 200 or 503, each part in the body) and `/metrics`.
 * Returns true if it answered the request, so that a service can try it before its own routes.
 */
export async function answerHealth(request: IncomingMessage, response: ServerResponse, ready: Readiness): Promise<boolean> {
  const path = request.url?.split('?')[0]
  if (request.method !== 'GET') return false
  if (path === '/health') return json(response, 200, { status: 'ok' })
  if (path === '/ready') {
    const { required, informational = {} } = ready()
    const isReady = Object.values(required).every(Boolean)
    return json(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', required, informational })
  }
  if (path === '/metrics') {
    const page = await metricsPage()
    response.writeHead(200, { 'content-type': page.contentType }).end(page.body)
    return true
  }
  return false
}

/** HTTP server for a service without routes of its own (the sender). */
export async function serveHealth(options: {
  host: string
  port: number
  ready: Readiness
}): Promise<AsyncDisposable & { port: number }> {
  const server = createServer((request, response) => {
    answerHealth(request, response, options.ready)
      .then(taken => taken || json(response, 404, { status: 'not found' }))
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
