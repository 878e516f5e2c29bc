import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { fetchMongod, findMongod, startMongodb } from '#deploy/local/backing/mongodb.ts'
import { freePort } from '#deploy/local/ports.ts'
import { openProfile } from '#deploy/local/profiles.ts'
import { closeRegistry } from '#deploy/local/registry.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'

/** A MongoDB that a test may lock and step down, because no other test uses it. */
export interface PrivateMongod extends AsyncDisposable {
  uri: string
  /** Locks it for writes, as a backup does: it answers pings and reads. Disposing of it unlocks it. */
  lock(): Promise<AsyncDisposable>
  /** Steps down as primary for so long. */
  stepDown(seconds: number): Promise<void>
}

/** Starts one with a database `linko`, whose data is removed at the end. */
export async function startPrivateMongod(): Promise<PrivateMongod> {
  await using stack = new AsyncDisposableStack()
  const registry = await openProfile(`test-${randomBytes(4).toString('hex')}`)
  stack.defer(() => {
    closeRegistry(registry)
    rmSync(registry.dir, { recursive: true, force: true })
  })
  const binary = findMongod() ?? (await fetchMongod()).binary
  const { url, supervised } = await startMongodb(binary, { dir: registry.dir, port: await freePort(), registry })
  for (const process of supervised) stack.use(process)
  const store = stack.use(await connectStore(url))
  const opened = stack.move()
  return {
    uri: url,
    lock: () => lockWrites(store),
    async stepDown(seconds) {
      await admin(store).command({ replSetStepDown: seconds, secondaryCatchUpPeriodSecs: 0, force: true })
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Locks a server for writes. Disposing of it unlocks it. */
export async function lockWrites(store: Store): Promise<AsyncDisposable> {
  await admin(store).command({ fsync: 1, lock: true })
  return { [Symbol.asyncDispose]: async () => void (await admin(store).command({ fsyncUnlock: 1 })) }
}

const admin = ({ connection }: Store) => connection.getClient().db('admin')
