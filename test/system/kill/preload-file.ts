import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'

/** What a service is started with: `node --import`. */
export const PRELOAD = path.join(ROOT, 'test/system/kill/preload.ts')

/** The fault points at which a process has got its signals, from its `FAULT_REPORT`. */
export function pointsIn(report: string): string[] {
  try {
    return readFileSync(report, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}
