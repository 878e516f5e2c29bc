import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import * as gateway from '#services/gateway/background.ts'
import * as ingest from '#services/ingest/background.ts'
import * as realtime from '#services/realtime/background.ts'
import * as sender from '#services/sender/background.ts'
import { ROOT } from '#shared/process/config.ts'

/** What a table and the document both say of a job. */
interface Listed {
  service: string
  name: string
  runsIn: string
}

interface Row {
  name: string
  everyMs: unknown
  idleMs?: unknown
}

const EVERY_PROCESS = 'every process'
const TABLES: [service: string, runsIn: string, rows: readonly Row[]][] = [
  ['sender', EVERY_PROCESS, sender.PROCESS_JOBS],
  ['sender', sender.SENDER_LEASE.name, sender.LEADER_JOBS],
  ['sender', sender.EVENTS_LEASE.name, sender.EVENT_JOBS],
  ['sender', `${EVERY_PROCESS} without ${sender.SENDER_LEASE.name}`, sender.FOLLOWER_JOBS],
  ['gateway', gateway.GATEWAY_LEASE.name, gateway.LEADER_JOBS],
  ['ingest', EVERY_PROCESS, ingest.PROCESS_JOBS],
  ['ingest', ingest.INGEST_LEASE.name, ingest.LEADER_JOBS],
  ['ingest', EVERY_PROCESS, ingest.META_PROCESS_JOBS],
  ['ingest', ingest.BLOCKS_LEASE.name, ingest.BLOCKS_JOBS],
  ['realtime', EVERY_PROCESS, realtime.PROCESS_JOBS],
]

const listed: Listed[] = TABLES.flatMap(([service, runsIn, rows]) => rows.map(({ name }) => ({ service, name, runsIn })))

/** The rows of the tables in docs/background-jobs.md, each below the heading of its service. */
function documented(): (Listed & { every: string })[] {
  const text = readFileSync(path.join(ROOT, 'docs/background-jobs.md'), 'utf8')
  return text.split(/^## /m).flatMap(section => {
    const service = section.slice(0, section.indexOf('\n')).toLowerCase()
    const rows = [...section.matchAll(/^\| `([^`]+)`(?: \*)? \| ([^|]+) \| ([^|]+) \|/gm)]
    return rows.map(([, name = '', runsIn = '', every = '']) => ({ service, name, runsIn: runsIn.replaceAll('`', ''), every }))
  })
}

const inOrder = (jobs: Listed[]) => jobs.map(({ service, name, runsIn }) => `${service}: ${name} (${runsIn})`).toSorted()

test('docs/background-jobs.md lists the jobs of all services, and no others', () => {
  expect(listed.length).toBeGreaterThan(25)
  expect(inOrder(documented())).toEqual(inOrder(listed))
})

test('a job has a name of its own', () => {
  const names = listed.map(({ name }) => name)
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
})

const UNITS: [ms: number, unit: string][] = [
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
  [1, 'ms'],
]

function periodOf(everyMs: number): string {
  const [ms, unit] = UNITS.find(([ms]) => everyMs % ms === 0) as [number, string]
  return `${everyMs / ms} ${unit}`
}

test('docs/background-jobs.md says how often each job runs', () => {
  const said = new Map(documented().map(({ name, every }) => [name, every]))
  const fixed = TABLES.flatMap(([, , rows]) => rows).flatMap(({ name, everyMs, idleMs }) => {
    const rest = typeof idleMs === 'number' ? `, at rest ${periodOf(idleMs)}` : ''
    return typeof everyMs === 'number' ? [{ name, period: periodOf(everyMs) + rest }] : []
  })
  expect(fixed.filter(({ name, period }) => !said.get(name)?.endsWith(period))).toEqual([])
})

test('every table of a service is compared', () => {
  const exported = [gateway, ingest, realtime, sender].flatMap(module =>
    Object.entries(module).flatMap(([name, value]) => (name.endsWith('_JOBS') ? [value] : [])),
  )
  expect(exported.length).toBe(TABLES.length)
  expect(exported.every(table => TABLES.some(([, , rows]) => rows === table))).toBe(true)
})

test('jobs are started by background.ts and nowhere else', () => {
  const files = globSync('services/**/*.ts', { cwd: ROOT }).filter(file => !/(^|\/)background\.ts$|\.test\.ts$/.test(file))
  const starts = /\b(runJobs|runWhileLeader|holdLease)\(/
  expect(files.filter(file => starts.test(readFileSync(path.join(ROOT, file), 'utf8')))).toEqual([])
})
