import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Processes that a launcher owns. Each runs in a group of its own and is recorded with its start time, so that the next start
 * can end what a killed launcher left behind, and never a stranger that got the same number since.
 */
export interface Registry {
  readonly file: string
  add(name: string, pid: number): void
  remove(pid: number): void
}

export interface ProcessSpec {
  name: string
  command: string
  args: string[]
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** stdout and stderr go here. */
  logFile: string
  /** Asked again and again until it does not throw; a process that ends earlier has failed. */
  ready(): Promise<unknown>
  readyTimeoutMs?: number
  /** Wait after SIGTERM until SIGKILL. */
  stopMs?: number
}

/** A process that is started again when it dies, until it is stopped. */
export interface Supervised extends AsyncDisposable {
  readonly name: string
  pid(): number | undefined
  starts(): number
  /** To the whole group; it will be started again. */
  kill(signal: NodeJS.Signals): void
  /** Waits until the process of now answers. */
  ready(): Promise<void>
}

interface Entry {
  name: string
  pid: number
  startedAt: string
}

const BACKOFF_MS = [500, 1000, 2000, 5000]
const STEADY_MS = 10_000

/** Ends what an earlier launcher of this folder left. @throws when that launcher still lives */
export async function openRegistry(dir: string): Promise<Registry> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const file = path.join(dir, 'pids.json')
  const left = (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Entry[]) : []).filter(isSame)
  const launcher = left.find(entry => entry.name === 'launcher')
  if (launcher !== undefined)
    throw new Error(`already running (process ${launcher.pid}); stop it with Ctrl-C in its terminal first`)
  for (const entry of left) signalGroup(entry.pid, 'SIGKILL')
  for (let i = 0; i < 100 && left.some(isSame); i++) await sleep(50)

  let entries: Entry[] = []
  const save = () => writeFileSync(file, JSON.stringify(entries), { mode: 0o600 })
  const registry: Registry = {
    file,
    add(name, pid) {
      entries = [...entries, { name, pid, startedAt: startTime(pid) }]
      save()
    },
    remove(pid) {
      entries = entries.filter(entry => entry.pid !== pid)
      save()
    },
  }
  registry.add('launcher', process.pid)
  return registry
}

export function closeRegistry(registry: Registry): void {
  rmSync(registry.file, { force: true })
}

export async function supervise(spec: ProcessSpec, registry: Registry): Promise<Supervised> {
  let child: ChildProcess | null = null
  let starts = 0
  let isStopping = false
  let failures = 0

  function start(): ChildProcess {
    const log = openSync(spec.logFile, 'a')
    const started = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env ?? process.env,
      detached: true,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    starts++
    child = started
    const since = Date.now()
    if (started.pid !== undefined) registry.add(spec.name, started.pid)
    started.once('error', () => undefined)
    started.once('exit', () => {
      if (started.pid !== undefined) {
        signalGroup(started.pid, 'SIGKILL')
        registry.remove(started.pid)
      }
      if (child === started) child = null
      if (isStopping || starts === 0) return
      failures = Date.now() - since > STEADY_MS ? 0 : failures + 1
      setTimeout(() => !isStopping && start(), BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)])
    })
    return started
  }

  async function untilReady(): Promise<void> {
    const until = Date.now() + (spec.readyTimeoutMs ?? 60_000)
    for (;;) {
      const error = await spec.ready().then(
        () => null,
        (reason: unknown) => reason,
      )
      if (error === null && child !== null) return
      if (Date.now() > until) throw new Error(`${spec.name} did not get ready: ${error}\n${tail(spec.logFile)}`)
      await sleep(100)
    }
  }

  const supervised: Supervised = {
    name: spec.name,
    pid: () => child?.pid,
    starts: () => starts,
    kill(signal) {
      if (child?.pid !== undefined) signalGroup(child.pid, signal)
    },
    ready: untilReady,
    async [Symbol.asyncDispose]() {
      isStopping = true
      const ending = child
      if (ending?.pid === undefined) return
      ending.kill('SIGTERM')
      for (let waited = 0; child !== null && waited < (spec.stopMs ?? 26_000); waited += 50) await sleep(50)
      signalGroup(ending.pid, 'SIGKILL')
      while (child !== null) await sleep(20)
    },
  }

  const first = start()
  const died = new Promise<never>((_, reject) => {
    first.once('error', error => reject(new Error(`${spec.name}: ${error.message}`)))
    first.once('exit', code => reject(new Error(`${spec.name} ended with ${code}\n${tail(spec.logFile)}`)))
  })
  died.catch(() => undefined)
  try {
    await Promise.race([untilReady(), died])
  } catch (error) {
    await supervised[Symbol.asyncDispose]()
    throw error
  }
  return supervised
}

export function tail(file: string, lines = 15): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : ''
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // gone already
  }
}

const isSame = (entry: Entry): boolean => entry.startedAt !== '' && startTime(entry.pid) === entry.startedAt

/** Empty when there is no such process. */
function startTime(pid: number): string {
  try {
    if (process.platform === 'linux') return statOf(pid)
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}

/** State and start time stand behind the command's name, which may hold blanks and brackets. A zombie counts as gone. */
function statOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? '' : (fields[19] ?? '')
}
