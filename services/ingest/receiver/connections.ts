import type { Server, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import { networkOf } from '#shared/http/client-network.ts'
import { webhookConnectionsDropped } from '#shared/process/metrics.ts'
import { Admission, type Bounds } from './admission.ts'

/**
 * Time limits of the webhook's server, which node checks once a second: a connection that sends nothing is closed after 5 s. The
 * longest request is a body of the greatest size at the least speed (`bodies.ts`).
 */
export const SERVER_OPTIONS: ServerOptions = {
  connectionsCheckingInterval: 1000,
  headersTimeout: 5000,
  requestTimeout: 65_000,
  keepAliveTimeout: 75_000,
}

/** Connections without a signed body. The kernel hands over at most 511 new ones at once, so none gives way unread. */
const UNPROVEN: Bounds = { most: 2048, mostOfOne: 512 }
/** All connections; those beyond are closed unread. */
const MAX_CONNECTIONS = 10_000

export interface Connections {
  /** The connection has sent a body with the right signature: it gives way to nobody. */
  prove(socket: Socket): void
  /** Number of connections that have not. */
  unproven(): number
}

/**
 * Bounds the connections of a server that have not sent a signed body: beyond the bounds the oldest are closed for new ones, of
 * the address that has the most.
 * @param trustProxy number of proxies in front: behind one, all connections are the proxy's, and only the bound of all counts
 */
export function watchConnections(server: Server, trustProxy: number, bounds: Bounds = UNPROVEN): Connections {
  const admission = new Admission<Socket>(trustProxy > 0 ? { most: bounds.most } : bounds)
  server.maxConnections = MAX_CONNECTIONS
  server.on('connection', socket => {
    socket.once('close', () => admission.remove(socket))
    for (const silent of admission.add(socket, networkOf(socket.remoteAddress ?? ''))) {
      webhookConnectionsDropped.inc()
      silent.destroy()
    }
  })
  return { prove: socket => admission.remove(socket), unproven: () => admission.sum() }
}
