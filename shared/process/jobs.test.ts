import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { expect, test, vi } from 'vitest'
import { bindJobs, runJobs } from './jobs.ts'

vi.mock('node:timers/promises', async original => {
  const timers = await original<typeof import('node:timers/promises')>()
  return { ...timers, setTimeout: vi.fn(timers.setTimeout) }
})

/** A logger that keeps its lines. */
function createLog() {
  const lines: Record<string, unknown>[] = []
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { log, lines }
}
const { log } = createLog()

test('a job is repeated one round at a time', async () => {
  let [rounds, open, mostOpen] = [0, 0, 0]
  const run = async () => {
    mostOpen = Math.max(mostOpen, ++open)
    await new Promise(resolve => setTimeout(resolve, 5))
    open--
    rounds++
  }
  await using _jobs = runJobs({ jobs: [{ name: 'slow', everyMs: 1, run }], log })
  await vi.waitUntil(() => rounds >= 3)
  expect(mostOpen).toBe(1)
})

test('a job that throws goes on, keeps no other and is logged by its name', async () => {
  const { log, lines } = createLog()
  const rounds = { failing: 0, other: 0 }
  const failing = () => {
    rounds.failing++
    throw new Error('no')
  }
  const other = async () => void rounds.other++
  const jobs = [
    { name: 'failing job', everyMs: 1, run: failing },
    { name: 'other job', everyMs: 1, run: other },
  ]
  await using _jobs = runJobs({ jobs, log })
  await vi.waitUntil(() => rounds.failing >= 3 && rounds.other >= 3)
  expect(lines[0]).toMatchObject({ job: 'failing job', msg: 'background job failed', err: { message: 'no' } })
})

test('no round begins while the jobs may not run; the first comes within a second of the permission', async () => {
  let isAllowed = false
  let rounds = 0
  const run = async () => void rounds++
  await using _jobs = runJobs({ jobs: [{ name: 'hourly', everyMs: 3_600_000, run }], log, mayRun: () => isAllowed })
  expect(rounds).toBe(0)
  isAllowed = true
  await vi.waitUntil(() => rounds === 1, { timeout: 3000 })
})

test('disposing tells a running round to end, waits for it and begins no other', async () => {
  let [begun, ended] = [0, 0]
  const jobs = runJobs({
    jobs: [
      {
        name: 'long',
        everyMs: 1,
        async run(mayGoOn) {
          begun++
          while (mayGoOn()) await new Promise(resolve => setTimeout(resolve, 1))
          ended++
        },
      },
    ],
    log,
  })
  await vi.waitUntil(() => begun === 1)
  await jobs[Symbol.asyncDispose]()
  expect([begun, ended]).toEqual([1, 1])
})

test('a job that finds nothing rests longer each time, and not after a find or a failure', async () => {
  const answers = [0, 0, 0, 0, 3, 0, 'failure', 0, undefined, 0]
  let rounds = 0
  const run = async () => {
    const answer = answers[rounds++]
    if (answer === 'failure') throw new Error('no')
    return answer
  }
  vi.mocked(sleep).mockClear()
  await using _jobs = runJobs({ jobs: [{ name: 'resting', everyMs: 1, idleMs: 5, run }], log })
  await vi.waitUntil(() => rounds > answers.length)
  const waits = vi.mocked(sleep).mock.calls.map(([ms]) => ms)
  expect(waits.slice(0, answers.length)).toEqual([2, 4, 5, 5, 1, 2, 1, 2, 1, 2])
})

test('a table is bound to its dependencies, which may decide the period', async () => {
  const seen: string[] = []
  const rows = [
    { name: 'fixed', everyMs: 5, run: async (deps: { word: string }) => void seen.push(deps.word) },
    {
      name: 'by setting',
      everyMs: (deps: { word: string }) => deps.word.length,
      idleMs: (deps: { word: string }) => 2 * deps.word.length,
      run: async () => undefined,
    },
  ]
  const jobs = bindJobs(rows, { word: 'four' })
  await jobs[0]?.run(() => true)
  expect([seen, jobs.map(({ everyMs, idleMs }) => [everyMs, idleMs])]).toEqual([
    ['four'],
    [
      [5, undefined],
      [4, 8],
    ],
  ])
})
