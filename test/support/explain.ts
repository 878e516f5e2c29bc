import type { mongo } from 'mongoose'
import type { SentCommand, Store } from '#shared/store/connect.ts'

/** How MongoDB carries out a statement. */
export interface Explained {
  /** `find messages {tenantId,wamid}`. */
  what: string
  /** Whether it, or a join of it, reads a whole collection. */
  isScan: boolean
  examined: number
  /** Rows that it answers, changes or would delete. */
  found: number
  /** The indexes that it uses. */
  indexes: string[]
}

const EXPLAINABLE = new Set(['find', 'aggregate', 'distinct', 'count', 'update', 'delete', 'findAndModify'])
/** Members of a command that are about its session and its answer, not about what it looks for. */
const ABOUT_SESSION = /^(\$|lsid|txnNumber|startTransaction|autocommit|readConcern|writeConcern|stmtIds|ordered|maxTimeMS|bypass)/

/** Explains each kind of statement once, by MongoDB itself, on the rows as they are now. Nothing is changed. */
export async function explainAll(store: Store, commands: readonly SentCommand[]): Promise<Explained[]> {
  const db = store.connection.db as mongo.Db
  const explained = new Map<string, Explained>()
  for (const command of commands.filter(({ name }) => EXPLAINABLE.has(name)).flatMap(statementsOf)) {
    const what = describe(command)
    if (explained.has(what)) continue
    explained.set(what, read(what, await db.command({ explain: command, verbosity: 'executionStats' })))
  }
  return [...explained.values()]
}

type Statement = Record<string, unknown>

/** The statements of a command: a bulk of writes is explained write by write. */
function statementsOf({ name, command }: SentCommand): Statement[] {
  const own = Object.fromEntries(Object.entries(command).filter(([key]) => !ABOUT_SESSION.test(key)))
  const list = name === 'update' ? 'updates' : name === 'delete' ? 'deletes' : null
  return list === null ? [own] : (own[list] as Statement[]).map(one => ({ ...own, [list]: [one] }))
}

function describe(statement: Statement): string {
  const [name = '', collection] = Object.entries(statement)[0] ?? []
  const [first] = ((statement.updates ?? statement.deletes) as { q: object; hint?: unknown }[] | undefined) ?? []
  const filter = statement.filter ?? statement.query ?? statement.pipeline ?? first?.q ?? {}
  const hint = statement.hint ?? first?.hint
  return `${name} ${collection} ${shapeOf(filter)}${hint ? ` by ${JSON.stringify(hint)}` : ''}`
}

/** The names in a filter, without its values. */
function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return `[${[...new Set(value.map(shapeOf))].filter(Boolean)}]`
  if (typeof value !== 'object' || value === null || 'toHexString' in value || value instanceof Date) return ''
  const members = Object.entries(value).map(([key, member]) => `${key}${key === '$in' ? '' : shapeOf(member)}`)
  return `{${members.toSorted()}}`
}

function read(what: string, answer: unknown): Explained {
  const seen: Explained = { what, isScan: false, examined: 0, found: 0, indexes: [] }
  const whole = answer as { executionStats?: { nReturned?: number } }
  const answered = what.startsWith('find ') ? whole.executionStats?.nReturned : undefined
  visit(answer, (key, value) => {
    if (key === 'stage' && value === 'COLLSCAN') seen.isScan = true
    if (key === 'collectionScans' && Number(value) > 0) seen.isScan = true
    if (key === 'totalDocsExamined') seen.examined += Number(value)
    if (['nReturned', 'nMatched', 'nWouldModify', 'nWouldDelete'].includes(key)) seen.found = Math.max(seen.found, Number(value))
    if (answered !== undefined) seen.found = answered
    if (key === 'indexName' && !seen.indexes.includes(String(value))) seen.indexes.push(String(value))
  })
  return seen
}

/** Every member of a plan but those of plans that were not chosen. */
function visit(value: unknown, report: (key: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    if (key === 'rejectedPlans' || key === 'allPlansExecution' || key === 'command') continue
    report(key, member)
    visit(member, report)
  }
}
