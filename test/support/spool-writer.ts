import pino from 'pino'
import { openSpool } from '#services/ingest/receiver/spool.ts'
import { PublishError } from '#shared/queue/types.ts'

/**
 * A process that spools the bodies n, n + 1, … of two keys while the broker is away, and prints each once it is on the disk, until
 * somebody kills it: `node spool-writer.ts <directory> <n>`.
 */
const [dir = '', from = '0'] = process.argv.slice(2)
const away = () => Promise.reject(new PublishError('disconnected', 'away'))
const spool = await openSpool({
  dir,
  maxBytes: 1_000_000_000,
  segmentBytes: 20_000,
  log: pino({ level: 'silent' }),
  publish: away,
  split: () => [],
  report: away,
})
const AT_ONCE = 20

async function appendEach(first: number): Promise<never> {
  for (let n = first; ; n += AT_ONCE) {
    await spool.append(`conversation.${n % 2}`, Buffer.from(`${n} ${'x'.repeat(n % 500)}`), Date.now())
    process.stdout.write(`${n}\n`)
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => appendEach(Number(from) + i)))
