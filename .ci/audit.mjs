// Known weaknesses of the packages in the lock file: fails at severity high or worse. A registry that is away, or has no such
// service, is no reason to hold a change: then nothing is checked, and it says so.
import { spawnSync } from 'node:child_process'

const { stdout, stderr } = spawnSync('npm', ['audit', '--json', '--audit-level=high', '--audit'], {
  encoding: 'utf8',
  timeout: 120_000,
  maxBuffer: 64 * 1024 * 1024,
})
const report = parsed(stdout)
const counts = report?.metadata?.vulnerabilities
if (counts === undefined) {
  const why = report?.error?.summary || report?.message || stderr.trim().split('\n').at(-1) || 'no answer'
  console.log(`npm audit: the registry did not answer (${why}); the packages were NOT checked`)
  process.exit(0)
}
const serious = Object.values(report.vulnerabilities ?? {}).filter(
  ({ severity }) => severity === 'high' || severity === 'critical',
)
for (const { name, severity, range } of serious) console.error(`${name} ${range}: ${severity}`)
console.log(`npm audit: ${counts.critical} critical, ${counts.high} high, ${counts.moderate} moderate, ${counts.low} low`)
process.exit(serious.length === 0 ? 0 : 1)

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
