import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { linkoDir } from '#deploy/local/profiles.ts'
import { type Stack, startStack } from '#deploy/local/stack.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'

/** The whole of Linko on empty servers, with a store to look into. */
export async function startTrial(
  name: string,
  extraEnv: Record<string, string> = {},
): Promise<AsyncDisposable & { stack: Stack; store: Store }> {
  const profile = `trial-${name}`
  const dir = linkoDir(profile)
  // What an aborted run left would count as doubled.
  for (const part of ['mongodb', 'rabbitmq', 'redis', 'spool', 'simulator.state'])
    rmSync(path.join(dir, part), { recursive: true, force: true })
  await using opening = new AsyncDisposableStack()
  const stack = opening.use(
    await startStack({
      profile,
      envFile: path.join(dir, 'demo.env'),
      docker: 'container',
      extraEnv: { LOG_LEVEL: 'warn', INGEST_SPOOL_DIR: path.join(dir, 'spool'), ...extraEnv },
      report: () => undefined,
    }),
  )
  const store = opening.use(await connectStore(stack.env.MONGODB_URI as string, { attempts: 100 }))
  const opened = opening.move()
  return { stack, store, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Watches the memory of ingest, also when it is started again. `most` is the greatest so far, in MB. */
export function watchMemory({ processes }: Stack): { most(): number; stop(): void } {
  const seen: number[] = []
  const timer = setInterval(() => seen.push(residentMb(processes.ingest.pid())), 500)
  return { most: () => Math.max(...seen), stop: () => clearInterval(timer) }
}

/** Memory of a process now, in MB; NaN where there is no /proc. */
export function residentMb(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return Number.NaN
  }
}
