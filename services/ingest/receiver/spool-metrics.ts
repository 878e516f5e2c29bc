import { Gauge } from 'prom-client'
import type { Spool } from './spool.ts'

/** Registers the spool's gauges, which read it when they are scraped. */
export function watchSpool(spool: Spool): void {
  const totals = [
    ['linko_spool_bytes', 'Bytes of webhooks on disk that the broker could not take yet.', () => spool.bytes()],
    ['linko_spool_oldest_seconds', 'Age of the oldest webhook on disk; 0 when empty.', () => ageS(spool.oldestAt())],
    [
      'linko_spool_damaged_records',
      'Unreadable stretches, by a crash or a bad disk, that were kept aside since the start.',
      () => spool.damaged(),
    ],
    ['linko_spool_refused_bodies', 'Webhooks in refused/, which no queue takes.', () => spool.refused()],
  ] as const
  for (const [name, help, read] of totals) {
    new Gauge({
      name,
      help,
      collect() {
        this.set(read())
      },
    })
  }
  const byKey = [
    ['linko_spool_stream_bytes', 'Bytes of webhooks on disk by routing key.', stream => stream.bytes()],
    [
      'linko_spool_stream_oldest_seconds',
      'Age of the oldest webhook on disk by routing key; 0 when it has none.',
      stream => ageS(stream.oldestAt()),
    ],
  ] as const satisfies [string, string, (stream: ReturnType<Spool['streams']>[number]) => number][]
  for (const [name, help, read] of byKey) {
    new Gauge({
      name,
      help,
      labelNames: ['key'],
      collect() {
        for (const stream of spool.streams()) this.set({ key: stream.key }, read(stream))
      },
    })
  }
}

const ageS = (since: number | null) => (since === null ? 0 : (Date.now() - since) / 1000)
