import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { endLeftovers, livingLauncher, openRegistry, type Registry } from './processes.ts'

/** A profile is one launcher's corner of the checkout: data, logs and the list of its processes. */
export const linkoDir = (profile: string) => path.join(ROOT, '.linko', profile)

/** Profiles of this prefix are for one run: a dead launcher's data is removed. */
const PASSING = 'test-'
const NEWBORN_MS = 60_000

/** Takes a profile, after ending what killed launchers of this checkout left behind. @throws when it is in use */
export async function openProfile(profile: string, say?: (line: string) => void): Promise<Registry> {
  await sweepProfiles()
  return openRegistry(linkoDir(profile), say)
}

async function sweepProfiles(): Promise<void> {
  const root = linkoDir('')
  const names = existsSync(root) ? readdirSync(root).filter(name => statSync(path.join(root, name)).isDirectory()) : []
  for (const name of names) {
    const dir = linkoDir(name)
    const isListed = existsSync(path.join(dir, 'pids.json'))
    const isNewborn = !isListed && Date.now() - statSync(dir).mtimeMs < NEWBORN_MS
    if (livingLauncher(dir) !== null || isNewborn) continue
    if (isListed) await endLeftovers(dir)
    if (name.startsWith(PASSING)) rmSync(dir, { recursive: true, force: true })
  }
}
