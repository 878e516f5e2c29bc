import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { OWNER_VARIABLE, signalGroup } from './process-table.ts'
import type { Registry } from './registry.ts'

export interface ProcessSpec {
  name: string
  command: string
  args: string[]
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** File for stdout and stderr. */
  logFile: string
  /** Called repeatedly until it does not throw. A process that ends earlier has failed. */
  ready(): Promise<unknown>
  readyTimeoutMs?: number
  /** Time between SIGTERM and SIGKILL. */
  stopMs?: number
}

/** A process that is started again when it ends, until it is disposed. */
export interface Supervised extends AsyncDisposable {
  readonly name: string
  pid(): number | undefined
  starts(): number
  /** Sends a signal to the whole process group. A process that ends by it is started again. */
  kill(signal: NodeJS.Signals): void
  /** Waits until the current process is ready. */
  ready(): Promise<void>
  /** Kills the process and does not start it again. The returned function starts it and waits until it is ready. */
  hold(): Promise<() => Promise<void>>
}

const BACKOFF_MS = [500, 1000, 2000, 5000]
/** A process that ran for longer than this starts again with the shortest delay. */
const STEADY_MS = 10_000

/** Starts a process and waits until it is ready. @throws Error with the end of its log when it ends or does not get ready */
export async function supervise(spec: ProcessSpec, registry: Registry): Promise<Supervised> {
  const supervised = new SupervisedProcess(spec, registry)
  const first = supervised.start()
  const ended = new Promise<never>((_, reject) => {
    first.once('error', error => reject(new Error(`${spec.name}: ${error.message}`)))
    first.once('exit', code => reject(new Error(`${spec.name} ended with ${code}${logEnd(spec)}`)))
  })
  ended.catch(() => undefined)
  try {
    await Promise.race([supervised.ready(), ended])
  } catch (error) {
    await supervised[Symbol.asyncDispose]()
    throw error
  }
  return supervised
}

class SupervisedProcess implements Supervised {
  readonly #spec: ProcessSpec
  readonly #registry: Registry
  #child: ChildProcess | null = null
  #starts = 0
  /** Consecutive ends within `STEADY_MS`. */
  #failures = 0
  #isStopping = false
  #isHeld = false

  constructor(spec: ProcessSpec, registry: Registry) {
    this.#spec = spec
    this.#registry = registry
  }

  get name(): string {
    return this.#spec.name
  }

  pid = () => this.#child?.pid
  starts = () => this.#starts

  start(): ChildProcess {
    const child = spawnOwned(this.#spec, this.#registry)
    const startedAt = Date.now()
    this.#starts++
    this.#child = child
    child.once('error', () => undefined)
    child.once('exit', (code, signal) => this.#ended(child, startedAt, signal ?? code))
    return child
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#child?.pid !== undefined) signalGroup(this.#child.pid, signal)
  }

  async ready(): Promise<void> {
    const { name, readyTimeoutMs = 60_000 } = this.#spec
    const deadline = Date.now() + readyTimeoutMs
    for (;;) {
      const child = this.#child
      const error = await this.#spec.ready().then(
        () => null,
        (reason: unknown) => reason,
      )
      // The answer may have come from another process on the same port, or from a child that has ended since.
      if (error === null && child !== null && child === this.#child) return
      if (this.#isOver()) throw new Error(`${name} was stopped before it was ready`)
      if (Date.now() > deadline) throw new Error(`${name} is not ready after ${readyTimeoutMs} ms: ${error}${logEnd(this.#spec)}`)
      await sleep(100)
    }
  }

  async hold(): Promise<() => Promise<void>> {
    this.#isHeld = true
    this.kill('SIGKILL')
    await this.#untilEnded()
    return async () => {
      this.#isHeld = false
      this.start()
      await this.ready()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true
    const child = this.#child
    if (child?.pid === undefined) return
    child.kill('SIGTERM')
    const { stopMs = 26_000 } = this.#spec
    for (let waited = 0; this.#child !== null && waited < stopMs; waited += 50) await sleep(50)
    signalGroup(child.pid, 'SIGKILL')
    await this.#untilEnded()
  }

  #ended(child: ChildProcess, startedAt: number, reason: string | number | null): void {
    const { name, logFile } = this.#spec
    if (child.pid !== undefined) {
      signalGroup(child.pid, 'SIGKILL')
      this.#registry.remove(child.pid)
    }
    if (this.#child === child) this.#child = null
    this.#failures = Date.now() - startedAt > STEADY_MS ? 0 : this.#failures + 1
    if (this.#isOver() || this.#isHeld) return
    const delayMs = BACKOFF_MS[Math.min(Math.max(this.#failures - 1, 0), BACKOFF_MS.length - 1)]
    this.#registry.report(`${name} ended (${reason}) and is started again in ${delayMs} ms; log: ${logFile}`)
    setTimeout(() => !this.#isOver() && this.start(), delayMs)
  }

  #isOver(): boolean {
    return this.#isStopping || this.#registry.isClosed()
  }

  async #untilEnded(): Promise<void> {
    while (this.#child !== null) await sleep(20)
  }
}

function logEnd({ logFile }: ProcessSpec): string {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15) : []
  return `; the last lines of ${logFile}:\n${lines.join('\n')}`
}

/** Starts a process in a group of its own, with the mark of its launcher in the environment. */
function spawnOwned(spec: ProcessSpec, registry: Registry): ChildProcess {
  const log = openSync(spec.logFile, 'a')
  try {
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { ...(spec.env ?? process.env), [OWNER_VARIABLE]: registry.dir },
      detached: true,
      stdio: ['ignore', log, log],
    })
    if (child.pid !== undefined) registry.add(spec.name, child.pid)
    return child
  } finally {
    closeSync(log)
  }
}
