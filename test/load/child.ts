import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { ROOT } from '#shared/process/config.ts'
import { PATIENCE_MS, within } from './measure/patience.ts'
import { cpuUsOf } from './measure/processes.ts'

/** A process under test, or one that loads it. */
export interface Child extends AsyncDisposable {
  port: number
  process: ChildProcess
  /** CPU spent so far in µs, user and system, of the whole process; NaN where there is no /proc. */
  cpuUs(): number
  /** The messages of its log lines of level `warn` and above, so far. */
  warnings: readonly string[]
  /** Sends a job to a helper of ours and waits for its answer. @throws Unfinished; Error when the helper ends instead */
  ask<T>(job: unknown, patienceMs?: number): Promise<T>
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
  const warnings: string[] = []
  const ended = once(child, 'exit').then(() => null)
  const port = await portOf(child, file, warnings)
  return {
    port,
    process: child,
    cpuUs: () => cpuUsOf(child.pid),
    warnings,
    async ask<T>(job: unknown, patienceMs = 2 * PATIENCE_MS): Promise<T> {
      const answered = once(child, 'message')
      child.send(job as object)
      const first = await within(`an answer of ${file}`, patienceMs, Promise.race([answered, ended]))
      if (first === null) throw new Error(`${file} left with ${child.exitCode ?? child.signalCode}`)
      return first[0] as T
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

/** Reads the log for the port, and from then on for warnings. */
function portOf(child: ChildProcess, file: string, warnings: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.on('exit', code => reject(new Error(`${file} left with ${code}\n${output}`)))
    child.once('message', message => resolve((message as { port: number }).port))
    createInterface({ input: child.stdout as Readable }).on('line', line => {
      if (/"level":"(?:warn|error|fatal)"/.test(line)) warnings.push(/"msg":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line)
      if (output.length > 20_000) return
      output += `${line}\n`
      const port = /"port":(\d+)/.exec(line)?.[1]
      if (port) resolve(Number(port))
    })
  })
}
