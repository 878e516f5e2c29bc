import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'

/**
 * The rule about floating promises is young: this proves that it works under our configuration. Samples that float one must fail
 * the linter by that rule's name; the same samples with `await` must not.
 */
const SAVE = `export async function save(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 1))
}
`
const SAMPLES: Record<string, (word: string) => string> = {
  'of the same file': word => `${SAVE}export async function run(): Promise<void> {\n  ${word}save()\n}\n`,
  'of another file': word =>
    `import { save } from './save.ts'\n\nexport async function run(): Promise<void> {\n  ${word}save()\n}\n`,
  'by an alias': word =>
    `import { save } from '#shared/save.ts'\n\nexport async function run(): Promise<void> {\n  ${word}save()\n}\n`,
}

/** A project of its own, anywhere, with our configuration. */
function lint(sample: string): { status: number | null; output: string } {
  const dir = mkdtempSync(path.join(tmpdir(), 'linko-lint-'))
  try {
    mkdirSync(path.join(dir, 'shared'))
    for (const name of ['biome.json', 'package.json', 'tsconfig.json']) copyFileSync(path.join(ROOT, name), path.join(dir, name))
    for (const name of ['save.ts', 'shared/save.ts']) writeFileSync(path.join(dir, name), SAVE)
    writeFileSync(path.join(dir, 'sample.ts'), sample)
    const biome = path.join(ROOT, 'node_modules/@biomejs/biome/bin/biome')
    const args = [biome, 'lint', '--vcs-enabled=false', '--colors=off', 'sample.ts']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: dir, encoding: 'utf8' })
    return { status, output: stdout + stderr }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const problems = Object.entries(SAMPLES).flatMap(([name, sample]) => {
  const floating = lint(sample(''))
  const awaited = lint(sample('await '))
  const isReported = floating.status !== 0 && floating.output.includes('noFloatingPromises')
  return [
    ...(isReported ? [] : [`A floating promise ${name} is not reported:\n${floating.output}`]),
    ...(awaited.status === 0 ? [] : [`An awaited promise ${name} is reported:\n${awaited.output}`]),
  ]
})
for (const problem of problems) console.error(problem)
if (problems.length === 0) console.log(`The linter reports floating promises (${Object.keys(SAMPLES).join(', ')}).`)
process.exit(problems.length === 0 ? 0 : 1)
