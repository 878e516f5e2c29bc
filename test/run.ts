import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { LAST_REPORT } from './system/faults/report.ts'

/**
 * `npm test`: all tests, then the plain line `N passed, N failed` as the last one. Arguments go to vitest. The report is kept for
 * `npm run faults`.
 *   --second-attempt   runs the files of failed tests once more, alone. A test that passes then is named: it depends on time or
 *                      order, and is a fault to mend, though not one of the change that is tested
 */
interface Report {
  testResults: FileResult[]
}

interface FileResult {
  name: string
  status: string
  assertionResults: { fullName: string; status: string }[]
}

/** More failed files than this are no accident. */
const MOST_AGAIN = 5
const FAILURE_LOG = path.join(ROOT, 'test/failure-log.ts')
const SECOND_ATTEMPT = '--second-attempt'

const args = process.argv.slice(2)
let child: ReturnType<typeof spawn> | undefined
// Ctrl-C reaches vitest too, which stops its servers first; whoever ends only this process means both.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => child?.kill('SIGTERM'))

const first = await run(args.filter(arg => arg !== SECOND_ATTEMPT))
const again = (first.report?.testResults ?? []).filter(file => file.status === 'failed').map(({ name }) => name)
const isRepeated = args.includes(SECOND_ATTEMPT) && again.length > 0 && again.length <= MOST_AGAIN
const last = isRepeated ? await runAgain(first.report as Report, again) : first
if (last.report) {
  mkdirSync(path.dirname(LAST_REPORT), { recursive: true })
  writeFileSync(LAST_REPORT, JSON.stringify(last.report))
}
const { passed, failed } = count(last)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

interface Outcome {
  code: number
  /** Null where vitest wrote none. */
  report: Report | null
}

/** Runs vitest, with its report read. */
async function run(options: string[]): Promise<Outcome> {
  const dir = mkdtempSync(path.join(tmpdir(), 'linko-report-'))
  const file = path.join(dir, 'report.json')
  const reporters = ['default', 'json', FAILURE_LOG].map(reporter => `--reporter=${reporter}`)
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs')
  child = spawn(process.execPath, [vitest, 'run', ...reporters, `--outputFile.json=${file}`, ...options], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  const code = await new Promise<number>(resolve => child?.once('exit', exit => resolve(exit ?? 1)))
  try {
    return { code, report: JSON.parse(readFileSync(file, 'utf8')) as Report }
  } catch {
    return { code, report: null }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Runs some files once more, one after the other, and names the tests that pass now. @returns both runs as one */
async function runAgain(report: Report, files: string[]): Promise<Outcome> {
  console.log(`── a second attempt, alone: ${files.map(file => path.relative(ROOT, file)).join(', ')}`)
  const second = await run([...files, '--no-file-parallelism'])
  const results = new Map(second.report?.testResults.map(file => [file.name, file]))
  const testResults = report.testResults.map(file => results.get(file.name) ?? file)
  const failedIn = ({ assertionResults }: FileResult) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
  const stillFailed = new Set(testResults.flatMap(failedIn))
  for (const name of report.testResults.flatMap(failedIn))
    if (!stillFailed.has(name)) console.log(`── passed only at its second attempt, mend it: ${name}`)
  return { code: second.code, report: { testResults } }
}

/** A file that could not even be loaded has no tests, and counts as one failure; so does a run without a report. */
function count({ code, report }: Outcome): { passed: number; failed: number } {
  if (report === null) return { passed: 0, failed: 1 }
  const tests = report.testResults.flatMap(file => file.assertionResults)
  const broken = report.testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0).length
  const failed = tests.filter(({ status }) => status === 'failed').length + broken
  const unexplained = code !== 0 && failed === 0 ? 1 : 0
  return { passed: tests.filter(({ status }) => status === 'passed').length, failed: failed + unexplained }
}
