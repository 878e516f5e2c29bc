import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { World } from './world.ts'

/** Parts of the world that survive a restart. The logs of sends and webhooks belong to one run. */
const PARTS = ['tokens', 'wabas', 'numbers', 'templates', 'media', 'people', 'conversations', 'inbound'] as const
type Saved = { [P in (typeof PARTS)[number]]: [string, never][] }

/** How many entries of each part are saved, the newest. */
const MAX_SAVED = 20_000

/** A cheap text that changes when something worth saving has changed. */
export function fingerprintOf(world: World): string {
  return `${PARTS.map(part => world[part].size)} ${world.sent.total} ${[...world.numbers.values()].map(({ state, pin }) => `${state}${pin}`)}`
}

/** Replaces the file in one step, so that a crash leaves the previous one. */
export function saveWorld(file: string, world: World): void {
  const saved = Object.fromEntries(PARTS.map(part => [part, [...world[part]].slice(-MAX_SAVED)]))
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, serialize(saved), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** The fresh world with the entries that an earlier run saved. A file that cannot be read is ignored. */
export function savedWorld({ stateFile }: { stateFile?: string }, fresh: World): World {
  if (stateFile === undefined || !existsSync(stateFile)) return fresh
  const saved = readSaved(stateFile)
  for (const part of PARTS) {
    // The demo's own tokens are not restored: they would expire 60 days after the first run.
    for (const [key, value] of saved?.[part] ?? []) if (part !== 'tokens' || !fresh.tokens.has(key)) fresh[part].set(key, value)
  }
  return fresh
}

function readSaved(file: string): Partial<Saved> | null {
  try {
    return deserialize(readFileSync(file)) as Partial<Saved>
  } catch {
    return null
  }
}
