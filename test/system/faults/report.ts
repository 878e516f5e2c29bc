import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'

/** Where `npm test` leaves its report: vitest's JSON. */
export const LAST_REPORT = path.join(ROOT, 'node_modules/.cache/linko/test-report.json')

/** The part of vitest's JSON report that the table is made of. */
export interface Report {
  testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[]
}

export type State = 'green' | 'red' | 'not run'

/** A test that names a fault. */
export interface Holder {
  fault: number
  /** Relative to the root. */
  file: string
  test: string
  state: State
}

/** Numbers of the faults that a test names: `[F7] creates one thing`, `[F10, F11] a broker …`. */
export const faultsOf = (name: string): number[] =>
  [...name.matchAll(/\[F\d{1,2}(?:, ?F\d{1,2})*\]/g)].flatMap(([group]) => [...group.matchAll(/\d+/g)].map(([n]) => Number(n)))

/** The tests of a report that name a fault, each once for each fault. */
export function holdersOf({ testResults }: Report, root = ROOT): Holder[] {
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ fullName, status }) =>
      faultsOf(fullName).map(fault => ({ fault, file: path.relative(root, name), test: fullName, state: stateOf(status) })),
    ),
  )
}

const stateOf = (status: string): State => (status === 'passed' ? 'green' : status === 'failed' ? 'red' : 'not run')

/**
 * What the table says of a fault. `red`: a test of it fails; `green`: some run and none fails; `by hand`: only runs that a person
 * starts hold it; `open`: nothing does.
 */
export function verdictOf(holders: readonly Holder[], isHeldByHand: boolean): 'green' | 'red' | 'not run' | 'by hand' | 'open' {
  if (holders.some(({ state }) => state === 'red')) return 'red'
  if (holders.some(({ state }) => state === 'green')) return 'green'
  if (isHeldByHand) return 'by hand'
  return holders.length > 0 ? 'not run' : 'open'
}
