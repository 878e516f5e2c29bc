import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { ROOT } from '#shared/process/config.ts'

/** A process under test, or one that loads it. */
export interface Child extends AsyncDisposable {
  port: number
  process: ChildProcess
  /** CPU spent so far in µs, user and system, of the whole process; NaN where there is no /proc. */
  cpuUs(): number
  /** Sends a job to a helper of ours and waits for its answer. */
  ask<T>(job: unknown): Promise<T>
}

/**
 * Starts a service or a helper and waits until it says its port, in its log or as a message.
 * `BENCH_PROFILE=<dir>` writes a CPU profile of each on exit.
 */
export async function startChild(file: string, env: NodeJS.ProcessEnv, args: string[] = []): Promise<Child> {
  const profile = process.env.BENCH_PROFILE
  const execArgv = profile
    ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${file.replaceAll('/', '-')}-${Date.now()}.cpuprofile`]
    : []
  const child = fork(file, args, { cwd: ROOT, env, execArgv, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const port = await portOf(child, file)
  return {
    port,
    process: child,
    cpuUs: () => cpuOf(child.pid),
    async ask<T>(job: unknown): Promise<T> {
      const answered = once(child, 'message')
      child.send(job as object)
      const [answer] = await answered
      return answer as T
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      // A stopped process would not receive it.
      child.kill('SIGCONT')
      await exited
    },
  }
}

function portOf(child: ChildProcess, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.on('exit', code => reject(new Error(`${file} left with ${code}\n${output}`)))
    child.once('message', message => resolve((message as { port: number }).port))
    child.stdout?.on('data', chunk => {
      if (output.length > 20_000) return
      output += chunk
      const port = /"port":(\d+)/.exec(output)?.[1]
      if (port) resolve(Number(port))
    })
  })
}

/** Ticks of 10 ms: fine over seconds. */
function cpuOf(pid: number | undefined): number {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return Number.NaN
  const fields = readFileSync(file, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}
