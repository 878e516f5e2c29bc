import { createServer, type RequestListener, type Server } from 'node:http'
import { answerHealth, type MetricsConfig, type Readiness } from '#shared/process/health.ts'

/** Time for a whole request: an upload of 100 MB over a line of 3 Mbit/s. JSON bodies have less (`shared/http/app.ts`). */
const REQUEST_MS = 300_000
/** Time for the head of a request, and for the first one on a new connection. */
const HEADERS_MS = 15_000
/**
 * Longer than proxies keep unused connections (nginx and most load balancers: 60 s), so that it is the proxy that closes one:
 * closed here, it could meet a request that is on its way.
 */
const KEEP_ALIVE_MS = 75_000
/** Further connections are closed at once. Each costs memory and a file descriptor, also without a request. */
const MOST_CONNECTIONS = 10_000

/** HTTP server of the gateway: health, readiness and metrics, then the app. */
export function createGatewayServer(
  app: RequestListener,
  ready: Readiness,
  config: Pick<MetricsConfig, 'METRICS_PORT'> = {},
): Server {
  const timeouts = { requestTimeout: REQUEST_MS, headersTimeout: HEADERS_MS, keepAliveTimeout: KEEP_ALIVE_MS }
  const server = createServer(timeouts, (request, response) => {
    answerHealth(request, response, ready, config)
      .then(taken => taken || app(request, response))
      .catch(() => response.destroy())
  })
  server.maxConnections = MOST_CONNECTIONS
  return server
}
