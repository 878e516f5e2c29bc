import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** The servers whose CPU is counted, by the names of their programs. */
const PROGRAMS: Record<string, string> = { mongod: 'mongod', 'beam.smp': 'rabbitmq', 'redis-server': 'redis' }

/** CPU spent so far in µs, user and system, of the whole process; NaN where there is no /proc. */
export function cpuUsOf(pid: number | undefined): number {
  const fields = pid === undefined ? null : statOf(pid)
  return fields === null ? Number.NaN : (fields.userTicks + fields.systemTicks) * 10_000
}

/** Process ids of the private servers of this run; of servers that ran before (`LINKO_TEST_SERVERS`) there are none. */
export function serverPids(): Record<string, number> {
  const servers = ownProcesses().filter(([, { program }]) => program in PROGRAMS)
  return Object.fromEntries(servers.map(([pid, { program }]) => [PROGRAMS[program] as string, pid]))
}

/** Starts to watch the machine. The returned function says which per cent of it went to processes that are not of this run. */
export function watchOthers(): () => number {
  const read = () => ({ at: performance.now(), busyMs: busyMs(), ownMs: ownMs() })
  const before = read()
  return () => {
    const after = read()
    const others = after.busyMs - before.busyMs - (after.ownMs - before.ownMs)
    return (Math.max(0, others) * 100) / ((after.at - before.at) * cpus().length)
  }
}

const busyMs = () => cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0)
const ownMs = () => ownProcesses().reduce((sum, [pid]) => sum + (cpuUsOf(pid) || 0) / 1000, 0)

/** This process and all that it has started, by their parents; none where there is no /proc. */
function ownProcesses(): [pid: number, stat: Stat][] {
  if (!existsSync('/proc/self/stat')) return []
  const all = readdirSync('/proc').map(Number).filter(Boolean)
  const stats = new Map(all.flatMap(pid => [statOf(pid)].flatMap(stat => (stat === null ? [] : [[pid, stat] as const]))))
  const isOwn = (pid: number): boolean => pid === process.pid || (pid > 1 && isOwn(stats.get(pid)?.parent ?? 0))
  return [...stats].filter(([pid]) => isOwn(pid))
}

interface Stat {
  program: string
  parent: number
  userTicks: number
  systemTicks: number
}

/** Ticks of 10 ms: fine over seconds. The program's name may contain blanks and brackets. Null when the process has ended. */
function statOf(pid: number): Stat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const program = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
    return { program, parent: Number(fields[1]), userTicks: Number(fields[11]), systemTicks: Number(fields[12]) }
  } catch {
    return null
  }
}
