import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { endLeftovers, openRegistry, type Registry, runningLauncher } from './registry.ts'

/** The folder of a profile: data, logs and process list of one launcher in this checkout. */
export const linkoDir = (profile: string) => path.join(ROOT, '.linko', profile)

/** Profiles with this prefix are for one run: their data is removed when the launcher has ended. */
const TEMPORARY = 'test-'
/** A younger profile may belong to a launcher that has not written its process list yet. */
const STARTING_MS = 60_000

/** Opens a profile, after ending what killed launchers of this checkout left behind. @throws Error when it is in use */
export async function openProfile(profile: string, report?: (line: string) => void): Promise<Registry> {
  await sweepProfiles()
  return openRegistry(linkoDir(profile), report)
}

/** Ends the processes of dead launchers and removes temporary profiles. */
async function sweepProfiles(): Promise<void> {
  const root = linkoDir('')
  const names = existsSync(root) ? readdirSync(root).filter(name => statSync(path.join(root, name)).isDirectory()) : []
  for (const name of names) {
    const dir = linkoDir(name)
    const isListed = existsSync(path.join(dir, 'pids.json'))
    const isStarting = !isListed && Date.now() - statSync(dir).mtimeMs < STARTING_MS
    if (runningLauncher(dir) !== null || isStarting) continue
    if (isListed) await endLeftovers(dir)
    if (name.startsWith(TEMPORARY)) rmSync(dir, { recursive: true, force: true })
  }
}
