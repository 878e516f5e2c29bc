import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from './logger.ts'
import { backgroundJobFailed } from './metrics.ts'

/** A piece of work that a process repeats in the background. */
export interface BackgroundJob {
  /** Plain words, unique over all services: log lines, the metric and docs/background-jobs.md name the job so. */
  name: string
  /** From the end of a round to the start of the next. */
  everyMs: number
  /** Longest such wait while rounds find nothing: it doubles from `everyMs` on, and is `everyMs` again after a find. */
  idleMs?: number | undefined
  /** A round. With `idleMs` it answers how much it found, also what it only looked at; 0 lets the wait grow. */
  run(mayGoOn: MayGoOn): Promise<unknown>
}

/** False when the process stops or has lost its lease: a long round then ends at its next safe point. */
export type MayGoOn = () => boolean

/** A row of a service's table of jobs: a job before its dependencies are known. */
export interface JobRow<Deps> {
  name: string
  everyMs: Period<Deps>
  /** As in BackgroundJob: what a job finds first after a rest may be late by so much. */
  idleMs?: Period<Deps>
  run(deps: Deps, mayGoOn: MayGoOn): Promise<unknown>
}

/** In ms; a function where a setting decides. */
type Period<Deps> = number | ((deps: Deps) => number)

/** The jobs of a table, with their dependencies. */
export function bindJobs<Deps>(rows: readonly JobRow<Deps>[], deps: Deps): BackgroundJob[] {
  return rows.map(({ name, everyMs, idleMs, run }) => ({
    name,
    everyMs: periodOf(everyMs, deps),
    idleMs: idleMs && periodOf(idleMs, deps),
    run: mayGoOn => run(deps, mayGoOn),
  }))
}

const periodOf = <Deps>(period: Period<Deps>, deps: Deps): number => (typeof period === 'number' ? period : period(deps))

export interface RunJobsOptions {
  jobs: readonly BackgroundJob[]
  log: Logger
  /** False: no round begins. */
  mayRun?: () => boolean
}

/** A job whose period is longer begins its first round this soon after it may run. */
const POLL_MS = 1000
/** A job whose period is longer is tried again this soon after a failed round. */
const RETRY_MS = 60_000

/**
 * Repeats each job beside the others, one round at a time. An error ends a round, not the job. Disposing starts no new round and
 * waits for those that run.
 */
export function runJobs({ jobs, log, mayRun = () => true }: RunJobsOptions): AsyncDisposable {
  const stop = new AbortController()
  const mayGoOn = () => !stop.signal.aborted && mayRun()
  const running = Promise.all(jobs.map(job => repeat(job, { signal: stop.signal, mayGoOn, log })))
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

interface Loop {
  signal: AbortSignal
  mayGoOn: MayGoOn
  log: Logger
}

async function repeat(job: BackgroundJob, { signal, mayGoOn, log }: Loop): Promise<void> {
  let waitMs = job.everyMs
  while (!signal.aborted) {
    waitMs = mayGoOn() ? await runRound(job, waitMs, { mayGoOn, log }) : Math.min(job.everyMs, POLL_MS)
    await sleep(waitMs, undefined, { signal }).catch(() => undefined)
  }
}

/** @returns the wait before the next round, in ms */
async function runRound(job: BackgroundJob, beforeMs: number, { mayGoOn, log }: Omit<Loop, 'signal'>): Promise<number> {
  try {
    const found = await job.run(mayGoOn)
    return found === 0 ? idleWait(job, beforeMs) : job.everyMs
  } catch (error) {
    log.warn({ err: error, job: job.name }, 'background job failed')
    backgroundJobFailed.inc({ job: job.name })
    return Math.min(job.everyMs, RETRY_MS)
  }
}

const idleWait = ({ everyMs, idleMs = everyMs }: BackgroundJob, beforeMs: number): number =>
  Math.max(everyMs, Math.min(idleMs, beforeMs * 2))
