import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchBroker, watchDatabase } from './steps.ts'

/**
 * Loaded into a service before its own code (`node --import`): counts the fault points that the process comes by, and sends it a
 * signal at some of them. Each point lies before a write, a publish or an ack, or after its answer, so a kill falls between two
 * steps. Variables:
 *
 * - `FAULT_AT`: how many points until the signal; several numbers, separated by commas, are several signals
 * - `FAULT_SKIP`: points that do not count, separated by `|`, so that rarer ones get their turn; after `FAULT_MOST` points all count
 * - `FAULT_SIGNAL`: SIGKILL, or SIGSTOP for a process that shall go on later
 * - `FAULT_DELAY_MS`: longest wait before each statement, so that two processes get into each other's way
 * - `FAULT_REPORT`: file that gets the name of the point, a line for each signal
 */
const { FAULT_AT = '', FAULT_SKIP = '', FAULT_MOST = '0', FAULT_SIGNAL, FAULT_DELAY_MS = '0', FAULT_REPORT } = process.env
const left = FAULT_AT.split(',').map(Number)
const skipped = new Set(FAULT_SKIP.split('|'))
const delayMs = Number(FAULT_DELAY_MS)
let counted = 0
let passed = 0

function reach(point: string): void {
  const isCounted = !skipped.has(point) || ++passed > Number(FAULT_MOST)
  if (left.length === 0 || !isCounted || ++counted < (left[0] as number)) return
  counted = 0
  left.shift()
  appendFileSync(FAULT_REPORT as string, `${point}\n`)
  // The kernel delivers it before the call returns: nothing of this process runs after a SIGKILL.
  process.kill(process.pid, FAULT_SIGNAL)
}

if (FAULT_REPORT !== undefined) {
  watchDatabase(reach, async () => {
    if (delayMs > 0) await sleep(Math.random() * delayMs)
  })
  watchBroker(reach)
}
