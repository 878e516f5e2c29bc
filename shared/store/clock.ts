import type { mongo } from 'mongoose'
import type { Logger } from '../process/logger.ts'
import type { Store } from './connect.ts'

/** MongoDB's time, good to a few milliseconds: leases and waits must not depend on how right a process's own clock is. */
export interface ServerClock extends Disposable {
  now(): Date
}

/** Asks once, then every 30 s; in between it runs on the process's monotonic clock, which nobody sets. */
export async function serverClock(store: Store, options: { everyMs?: number; log?: Logger } = {}): Promise<ServerClock> {
  let base = await ask(store)
  const refresh = () =>
    ask(store).then(
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

async function ask(store: Store): Promise<{ serverMs: number; readAt: number }> {
  const db = store.connection.db as mongo.Db
  const asked = performance.now()
  const { localTime } = await db.command({ hello: 1 })
  const answered = performance.now()
  return { serverMs: (localTime as Date).getTime(), readAt: (asked + answered) / 2 }
}
