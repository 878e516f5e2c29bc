import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pidsOwnedBy, signalGroup, startTime } from './process-table.ts'

/**
 * The processes of one launcher, recorded in a file with their start times, so that the next launcher can end the processes
 * that a killed one left behind, and never a stranger's process that has got the same id since.
 */
export interface Registry {
  readonly dir: string
  add(name: string, pid: number): void
  remove(pid: number): void
  /** Kills every process. Runs by itself when the launcher ends without `closeRegistry`. */
  killAll(): void
  isClosed(): boolean
  /** Prints a line for the user, such as that a process ended and is started again. */
  report(line: string): void
}

interface Entry {
  name: string
  pid: number
  startedAt: string
}

const LAUNCHER = 'launcher'

/** Ends the processes that an earlier launcher of this folder left behind. @throws Error when that launcher still runs */
export async function openRegistry(dir: string, report: (line: string) => void = () => undefined): Promise<Registry> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const launcher = runningLauncher(dir)
  if (launcher !== null)
    throw new Error(`Linko is already running (process ${launcher}). Stop it with Ctrl-C in its terminal first.`)
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
    report,
  }
  registry.add(LAUNCHER, process.pid)
  process.once('exit', registry.killAll)
  return registry
}

/** Closes a registry whose processes have been stopped in order. */
export function closeRegistry(registry: Registry): void {
  process.off('exit', registry.killAll)
  registry.killAll()
}

/** The process id of the launcher that uses a folder; null when none runs. */
export function runningLauncher(dir: string): number | null {
  return readEntries(dir).find(entry => entry.name === LAUNCHER && isRunning(entry))?.pid ?? null
}

/** Kills the processes that the dead launcher of a folder left behind, and waits until they are gone. */
export async function endLeftovers(dir: string): Promise<void> {
  const left = readEntries(dir).filter(isRunning)
  const orphans = pidsOwnedBy(dir)
  for (const { pid } of left) signalGroup(pid, 'SIGKILL')
  for (const pid of orphans) kill(pid)
  for (let i = 0; i < 100 && (left.some(isRunning) || pidsOwnedBy(dir).length > 0); i++) await sleep(50)
}

const pidsFile = (dir: string) => path.join(dir, 'pids.json')

/** Whether the very process of the entry runs, and not another one with its id. */
const isRunning = (entry: Entry): boolean => entry.startedAt !== '' && startTime(entry.pid) === entry.startedAt

/** The recorded processes; none when the file cannot be read. */
function readEntries(dir: string): Entry[] {
  try {
    return JSON.parse(readFileSync(pidsFile(dir), 'utf8')) as Entry[]
  } catch {
    return []
  }
}

/** Replaces the file in one step, because a launcher may be killed while it writes. */
function writeEntries(dir: string, entries: Entry[]): void {
  const draft = `${pidsFile(dir)}.new`
  writeFileSync(draft, JSON.stringify(entries), { mode: 0o600 })
  renameSync(draft, pidsFile(dir))
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // The process has ended already.
  }
}
