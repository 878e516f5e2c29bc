import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { World } from './world.ts'

/** Parts of the world that outlive a restart. Sends and webhooks do not: their log belongs to one run. */
const PARTS = ['tokens', 'wabas', 'numbers', 'templates', 'media', 'people', 'threads', 'inbound'] as const
type Saved = { [P in (typeof PARTS)[number]]: [string, never][] }

/** At most so many of each are kept, the newest. */
const KEPT = 20_000

/** Whether anything to save has changed, cheaply: sizes and what moves them. */
export function signOf(world: World): string {
  return `${PARTS.map(part => world[part].size)} ${world.sent.total} ${[...world.numbers.values()].map(({ state, pin }) => `${state}${pin}`)}`
}

/** Writes the file in one step, so that a crash leaves the former one. */
export function saveWorld(file: string, world: World): void {
  const saved = Object.fromEntries(PARTS.map(part => [part, [...world[part]].slice(-KEPT)]))
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, serialize(saved), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** The fresh world with what an earlier run left; a file that cannot be read counts as none. */
export function savedWorld({ stateFile }: { stateFile?: string }, fresh: World): World {
  if (stateFile === undefined || !existsSync(stateFile)) return fresh
  const saved = readSaved(stateFile)
  for (const part of PARTS) {
    // The demo's own tokens start afresh: they would run out 60 days after the first run.
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
