import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { LAST_REPORT } from './system/faults/report.ts'

/**
 * `npm test`: all tests, then the plain line `N passed, N failed` as the last one. Arguments go to vitest. The report is kept for
 * `npm run faults`.
 */
interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

const dir = mkdtempSync(path.join(tmpdir(), 'linko-report-'))
const reportFile = path.join(dir, 'report.json')
const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...process.argv.slice(2)]
const child = spawn(process.execPath, [path.join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args], {
  cwd: ROOT,
  stdio: 'inherit',
})
// Ctrl-C reaches vitest too, which stops its servers first; whoever ends only this process means both.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => child.kill('SIGTERM'))
const code = await new Promise<number>(resolve => child.once('exit', exit => resolve(exit ?? 1)))
const { passed, failed } = count()
if (existsSync(reportFile)) {
  mkdirSync(path.dirname(LAST_REPORT), { recursive: true })
  copyFileSync(reportFile, LAST_REPORT)
}
rmSync(dir, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(code === 0 && failed === 0 ? 0 : 1)

/** A file that could not even be loaded has no tests, and counts as one failure; so does a run without a report. */
function count(): { passed: number; failed: number } {
  try {
    const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
    const broken = report.testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0).length
    const unexplained = code !== 0 && report.numFailedTests + broken === 0 ? 1 : 0
    return { passed: report.numPassedTests, failed: report.numFailedTests + broken + unexplained }
  } catch {
    return { passed: 0, failed: 1 }
  }
}
