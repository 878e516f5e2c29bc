import { Gauge } from 'prom-client'
import type { Spool } from './spool.ts'

/** Registers the spool's gauges, which read it when they are scraped. */
export function watchSpool(spool: Spool): void {
  const collectors = [
    ['linko_spool_bytes', 'Bytes of webhooks on disk that the broker could not take yet.', () => spool.bytes()],
    ['linko_spool_oldest_seconds', 'Age of the oldest webhook on disk; 0 when empty.', () => ageS(spool.oldestAt())],
    ['linko_spool_damaged_records', 'Records lost to a crash or a bad disk since the start.', () => spool.damaged()],
  ] as const
  for (const [name, help, read] of collectors) {
    new Gauge({
      name,
      help,
      collect() {
        this.set(read())
      },
    })
  }
}

const ageS = (since: number | null) => (since === null ? 0 : (Date.now() - since) / 1000)
