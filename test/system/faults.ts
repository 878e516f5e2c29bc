import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '#shared/process/config.ts'
import { BY_HAND } from './faults/by-hand.ts'
import { FAULTS } from './faults/catalogue.ts'
import { type Holder, holdersOf, LAST_REPORT, type Report, verdictOf } from './faults/report.ts'

/**
 * `npm run faults`: who holds each fault of the catalogue, and how the last `npm test` went. `--run` runs the tests that name a
 * fault first; `--report file` reads another report of vitest; `--only 7,9` shows these faults. Ends with 1 if a test of a fault
 * failed or nothing holds it.
 */
const { values } = parseArgs({
  options: { run: { type: 'boolean', default: false }, report: { type: 'string' }, only: { type: 'string' } },
})
const file = values.report ?? LAST_REPORT
if (values.run) run(file)
if (!existsSync(file)) {
  console.error(`There is no report at ${file}. Run npm test first, or npm run faults -- --run.`)
  process.exit(2)
}
const shown = values.only?.split(',').map(Number) ?? FAULTS.map((_, i) => i + 1)
const verdicts = print(holdersOf(JSON.parse(readFileSync(file, 'utf8')) as Report), shown)
process.exit(verdicts.some(verdict => verdict === 'red' || verdict === 'open') ? 1 : 0)

function run(report: string): void {
  mkdirSync(path.dirname(report), { recursive: true })
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs')
  const args = ['run', '-t', '\\[F\\d', '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`]
  spawnSync(process.execPath, [vitest, ...args], { cwd: ROOT, stdio: 'inherit' })
}

/** @returns the verdict of each */
function print(holders: readonly Holder[], faults: readonly number[]) {
  const verdicts = faults.map(fault => {
    const own = holders.filter(one => one.fault === fault)
    const byHand = BY_HAND.filter(one => one.faults.includes(fault))
    const verdict = verdictOf(own, byHand.length > 0)
    console.log(`F${String(fault).padEnd(3)} ${verdict.padEnd(8)} ${FAULTS[fault - 1] ?? 'not in the catalogue'}`)
    for (const { state, file: where, test } of own) console.log(`       ${state.padEnd(8)} ${where}: ${test}`)
    for (const { date, command, seen } of byHand) console.log(`       by hand  ${date} ${command}: ${seen}`)
    return verdict
  })
  const counts = Object.entries(Object.groupBy(verdicts, verdict => verdict)).map(([name, some]) => `${some?.length} ${name}`)
  console.log(`\n${counts.join(', ')}`)
  return verdicts
}
