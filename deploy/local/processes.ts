import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OWNER_VARIABLE, pidsOwnedBy, signalGroup, startTime } from './process-table.ts'

/**
 * Processes that a launcher owns. Each runs in a group of its own and is recorded with its start time, so that the next start
 * can end what a killed launcher left behind, and never a stranger that got the same number since.
 */
export interface Registry {
  readonly dir: string
  add(name: string, pid: number): void
  remove(pid: number): void
  /** Ends everything at once; happens by itself when this process ends without closing. */
  killAll(): void
  isClosed(): boolean
  /** Tells people that a process died and is started again. */
  say(line: string): void
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
  /** Kills it and keeps it away. The answer starts it again and waits until it is ready. */
  hold(): Promise<() => Promise<void>>
}

interface Entry {
  name: string
  pid: number
  startedAt: string
}

const LAUNCHER = 'launcher'
const BACKOFF_MS = [500, 1000, 2000, 5000]
const STEADY_MS = 10_000

/** Ends what an earlier launcher of this folder left. @throws when that launcher still lives */
export async function openRegistry(dir: string, say: (line: string) => void = () => undefined): Promise<Registry> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const launcher = livingLauncher(dir)
  if (launcher !== null) throw new Error(`already running (process ${launcher}); stop it with Ctrl-C in its terminal first`)
  await endLeftovers(dir)

  let entries: Entry[] = []
  let isClosed = false
  const save = (changed: Entry[]) => {
    entries = changed
    if (!isClosed) writeEntries(dir, entries)
  }
  const registry: Registry = {
    dir,
    add: (name, pid) => save([...entries, { name, pid, startedAt: startTime(pid) }]),
    remove: pid => save(entries.filter(entry => entry.pid !== pid)),
    killAll() {
      isClosed = true
      for (const { name, pid } of entries) if (name !== LAUNCHER) signalGroup(pid, 'SIGKILL')
      rmSync(pidsFile(dir), { force: true })
    },
    isClosed: () => isClosed,
    say,
  }
  registry.add(LAUNCHER, process.pid)
  process.once('exit', registry.killAll)
  return registry
}

/** When everything has been stopped in order. */
export function closeRegistry(registry: Registry): void {
  process.off('exit', registry.killAll)
  registry.killAll()
}

/** The process that owns a folder, if it lives. */
export function livingLauncher(dir: string): number | null {
  return readEntries(dir).find(entry => entry.name === LAUNCHER && isSame(entry))?.pid ?? null
}

/** Ends what the dead launcher of a folder left behind, and waits until it is gone. */
export async function endLeftovers(dir: string): Promise<void> {
  const left = readEntries(dir).filter(isSame)
  const orphans = pidsOwnedBy(dir)
  for (const { pid } of left) signalGroup(pid, 'SIGKILL')
  for (const pid of orphans) kill(pid)
  for (let i = 0; i < 100 && (left.some(isSame) || pidsOwnedBy(dir).length > 0); i++) await sleep(50)
}

export async function supervise(spec: ProcessSpec, registry: Registry): Promise<Supervised> {
  let child: ChildProcess | null = null
  let starts = 0
  let failures = 0
  let isStopping = false
  let isHeld = false
  const isOver = () => isStopping || registry.isClosed()

  function start(): ChildProcess {
    const started = spawnOwned(spec, registry)
    const since = Date.now()
    starts++
    child = started
    started.once('error', () => undefined)
    started.once('exit', (code, signal) => {
      if (started.pid !== undefined) {
        signalGroup(started.pid, 'SIGKILL')
        registry.remove(started.pid)
      }
      if (child === started) child = null
      failures = Date.now() - since > STEADY_MS ? 0 : failures + 1
      const waitMs = BACKOFF_MS[Math.min(Math.max(failures - 1, 0), BACKOFF_MS.length - 1)]
      if (isOver() || isHeld) return
      registry.say(`${spec.name} ended (${signal ?? code}) and is started again in ${waitMs} ms; its log: ${spec.logFile}`)
      setTimeout(() => !isOver() && start(), waitMs)
    })
    return started
  }

  async function untilReady(): Promise<void> {
    const until = Date.now() + (spec.readyTimeoutMs ?? 60_000)
    for (;;) {
      const asked = child
      const error = await spec.ready().then(
        () => null,
        (reason: unknown) => reason,
      )
      // What answered may have been a stranger, or the process that has died since.
      if (error === null && asked !== null && asked === child) return
      if (isOver()) throw new Error(`${spec.name} was stopped before it got ready`)
      if (Date.now() > until) throw new Error(`${spec.name} did not get ready: ${error}${logEnd(spec)}`)
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
    async hold() {
      isHeld = true
      if (child?.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
      while (child !== null) await sleep(20)
      return async () => {
        isHeld = false
        start()
        await untilReady()
      }
    },
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
    first.once('exit', code => reject(new Error(`${spec.name} ended with ${code}${logEnd(spec)}`)))
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

function logEnd({ logFile }: ProcessSpec): string {
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15) : []
  return `; its log ${logFile} ends so:\n${lines.join('\n')}`
}

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

const pidsFile = (dir: string) => path.join(dir, 'pids.json')
const isSame = (entry: Entry): boolean => entry.startedAt !== '' && startTime(entry.pid) === entry.startedAt

/** A file that cannot be read counts as none. */
function readEntries(dir: string): Entry[] {
  try {
    return JSON.parse(readFileSync(pidsFile(dir), 'utf8')) as Entry[]
  } catch {
    return []
  }
}

/** Whole or not at all: a launcher may be killed while it writes. */
function writeEntries(dir: string, entries: Entry[]): void {
  const draft = `${pidsFile(dir)}.new`
  writeFileSync(draft, JSON.stringify(entries), { mode: 0o600 })
  renameSync(draft, pidsFile(dir))
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone already
  }
}
