import type { mongo } from 'mongoose'
import type { Logger } from '../process/logger.ts'
import type { Store } from './connect.ts'

/** MongoDB's time, accurate to a few milliseconds, so that leases and waits do not depend on the clock of a process. */
export interface ServerClock extends Disposable {
  now(): Date
}

/** Reads the server's time now and every 30 s; in between the process's monotonic clock advances it. */
export async function serverClock(store: Store, options: { everyMs?: number; log?: Logger } = {}): Promise<ServerClock> {
  let base = await readServerTime(store)
  const refresh = () =>
    readServerTime(store).then(
      answer => {
        base = answer
      },
      error => options.log?.warn({ err: error }, 'server time not read'),
    )
  const timer = setInterval(refresh, options.everyMs ?? 30_000)
  timer.unref()
  return {
    now: () => new Date(base.serverMs + (performance.now() - base.readAt)),
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

async function readServerTime(store: Store): Promise<{ serverMs: number; readAt: number }> {
  const db = store.connection.db as mongo.Db
  const startedAt = performance.now()
  const { localTime } = await db.command({ hello: 1 })
  const answeredAt = performance.now()
  return { serverMs: (localTime as Date).getTime(), readAt: (startedAt + answeredAt) / 2 }
}
