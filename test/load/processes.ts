import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** The servers whose CPU is counted, by the names of their programs. */
const PROGRAMS: Record<string, string> = { mongod: 'mongod', 'beam.smp': 'rabbitmq', 'redis-server': 'redis' }

/** CPU spent so far in µs, user and system, of the whole process; NaN where there is no /proc. */
export function cpuUsOf(pid: number | undefined): number {
  const fields = pid === undefined ? null : statOf(pid)
  return fields === null ? Number.NaN : (fields.userTicks + fields.systemTicks) * 10_000
}

/** Process ids of the private servers of this run; of servers that ran before (`LINKO_TEST_SERVERS`) there are none. */
export function serverPids(): Record<string, number> {
  if (!existsSync('/proc/self/stat')) return {}
  const all = readdirSync('/proc').map(Number).filter(Boolean)
  const stats = new Map(all.flatMap(pid => [statOf(pid)].flatMap(stat => (stat === null ? [] : [[pid, stat] as const]))))
  const isOurs = (pid: number): boolean => {
    const parent = stats.get(pid)?.parent ?? 0
    return parent === process.pid || (parent > 1 && isOurs(parent))
  }
  const ours = [...stats].filter(([pid, { program }]) => program in PROGRAMS && isOurs(pid))
  return Object.fromEntries(ours.map(([pid, { program }]) => [PROGRAMS[program] as string, pid]))
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
