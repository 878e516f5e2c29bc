import { readEnvironment } from '#shared/process/config.ts'
import { createLogger } from '#shared/process/logger.ts'
import { examine } from './doctor/examine.ts'
import { report } from './doctor/finding.ts'

/** `npm run doctor`: examines the installation and prints what is wrong, with the cure. Exits with 1 when something is. */
const findings = await examine(readEnvironment(), createLogger('doctor', 'silent'))
console.log(report(findings).join('\n'))
process.exitCode = findings.some(({ state }) => state === 'failed') ? 1 : 0
