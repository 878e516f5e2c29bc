import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Every process of ours carries its folder in this variable, and so do the processes that it starts itself. */
export const OWNER_VARIABLE = 'LINKO_OWNER'

/** When a process began, as the system writes it; empty when there is none. With the pid it names one process for ever. */
export function startTime(pid: number): string {
  try {
    if (process.platform === 'linux') return fieldsOf(pid).startedAt
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}

/** To a process and what it started; nobody there is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // gone already
  }
}

/** Processes that carry `owner`, also those whose recorded parent has gone (Linux only). */
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

/** State and start time stand behind the command's name, which may hold blanks and brackets. A zombie counts as gone. */
function fieldsOf(pid: number): { startedAt: string } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { startedAt: fields[0] === 'Z' ? '' : (fields[19] ?? '') }
}
