import { Gauge } from 'prom-client'
import type { BodyReader } from './bodies.ts'
import type { Connections } from './connections.ts'

/** Registers the gauges of what has been let in and has proven nothing yet. */
export function watchDoor(connections: Connections, bodies: BodyReader): void {
  new Gauge({
    name: 'linko_webhook_unproven_connections',
    help: 'Open connections that have not sent a signed body.',
    collect() {
      this.set(connections.unproven())
    },
  })
  new Gauge({
    name: 'linko_webhook_reading_bytes',
    help: 'Bytes of bodies that are being read, with a surcharge for each chunk.',
    collect() {
      this.set(bodies.bytes())
    },
  })
}
