import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Variable with the folder of the launcher, in the environment of its processes and of the processes that those start. */
export const OWNER_VARIABLE = 'LINKO_OWNER'

/** Start time of a process in the system's format; empty when it does not run. Process id and start time together are unique. */
export function startTime(pid: number): string {
  try {
    if (process.platform === 'linux') return fieldsOf(pid).startedAt
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}

/** Sends a signal to a process group, if it exists. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // The group has ended already.
  }
}

/** Running processes of a launcher's folder, also those whose parent has ended. Linux only; empty elsewhere. */
export function pidsOwnedBy(owner: string): number[] {
  if (process.platform !== 'linux') return []
  const mark = `${OWNER_VARIABLE}=${owner}`
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && pid !== process.pid && environmentOf(pid).includes(mark) && startTime(pid) !== '')
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** The start time follows the command's name, which may contain blanks and brackets. A zombie counts as ended. */
function fieldsOf(pid: number): { startedAt: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { startedAt: fields[0] === 'Z' ? '' : (fields[19] ?? '') }
}
