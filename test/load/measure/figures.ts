import { Unfinished } from './patience.ts'
import { watchOthers } from './processes.ts'

/** What a turn measured, by name. */
export type Turn = Record<string, number>

export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/**
 * Turns of several contestants, one after the other, over and over: whatever disturbs the machine disturbs all. A contestant that
 * does not finish a turn has no further ones, for what it left undone would be measured with them; its figures are those before.
 */
export async function alternate<K extends string>(
  contestants: Record<K, () => Promise<Turn>>,
  turns = Number(process.env.BENCH_TURNS ?? 3),
): Promise<Record<K, Turn>> {
  const names = Object.keys(contestants) as K[]
  const all = Object.fromEntries(names.map(name => [name, [] as Turn[]])) as Record<K, Turn[]>
  const inRace = new Set(names)
  for (let i = 1; i <= turns; i++) {
    for (const name of names) {
      if (!inRace.has(name)) continue
      const others = watchOthers()
      const turn = await contestants[name]().catch(reasonOf)
      if (typeof turn !== 'string') turn['others %'] = others()
      if (typeof turn === 'string') inRace.delete(name)
      else all[name].push(turn)
      console.log(`  turn ${i} ${name.padEnd(34)} ${typeof turn === 'string' ? `NOT FINISHED: ${turn}` : lineOf(turn)}`)
    }
  }
  return Object.fromEntries(names.map(name => [name, medians(all[name])])) as Record<K, Turn>
}

/** The benchmark goes on, but ends as failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Unfinished)) throw error
  process.exitCode = 1
  return error.message
}

function medians(turns: Turn[]): Turn {
  return Object.fromEntries(Object.keys(turns[0] ?? {}).map(key => [key, median(turns.map(turn => turn[key] as number))]))
}

export function report(title: string, rows: Record<string, Turn>): void {
  console.log(`\n${title} (medians)`)
  for (const [name, turn] of Object.entries(rows)) console.log(`  ${name.padEnd(41)} ${lineOf(turn) || 'NOT FINISHED'}`)
}

/** @param value missing when a contestant finished no turn */
export function ratio(what: string, value: number | undefined, target: string, isMet: boolean): void {
  console.log(
    `  ${`ratio ${what}`.padEnd(58)} ${(value ?? Number.NaN).toFixed(2)}   ${target && `target ${target}: ${isMet ? 'met' : 'MISSED'}`}`,
  )
}

const INDENT = 44
const WIDTH = 150

/** The figures of a turn, on as many lines as they need. */
function lineOf(turn: Turn): string {
  const lines: string[] = []
  for (const [key, value] of Object.entries(turn)) {
    const figure = `${key} ${tidy(value)}`
    const last = lines.at(-1)
    if (last !== undefined && INDENT + last.length + figure.length < WIDTH) lines[lines.length - 1] = `${last}  ${figure}`
    else lines.push(figure)
  }
  return lines.join(`\n${' '.repeat(INDENT)}`)
}

const tidy = (value: number) =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value === 0 || value >= 1 ? 1 : 2)

/** `count` calls, at most `width` of them at once. */
export async function inFlight(width: number, count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: width }, worker))
}
