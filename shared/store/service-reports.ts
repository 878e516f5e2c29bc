import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CallPace } from '../domain/call-pace.ts'
import type { ServiceReportDoc } from '../model/documents.ts'
import type { Readiness } from '../process/health.ts'
import type { Logger } from '../process/logger.ts'
import type { Store } from './connect.ts'

/** A process that has said nothing for so long does not count any more. */
export const SILENT_MS = 30_000
const EVERY_MS = 10_000
const LAST_WORD_MS = 1000

export interface Reporting {
  service: ServiceReportDoc['service']
  /** Version of Linko that the process runs. */
  version: string
  ready: Readiness
  /** How quickly Meta answers this process, which sends. */
  pace?(): CallPace | null
  log: Logger
}

/**
 * Says every 10 s that this process lives and what it can do, for `GET /operations/overview`: processes do not ask each other.
 * Disposing takes the report away.
 */
export function startReporting(store: Store, { service, version, ready, pace, log }: Reporting): AsyncDisposable {
  const _id = `${service}:${randomUUID()}`
  const startedAt = new Date()
  async function report(): Promise<void> {
    const { required, informational = {} } = ready()
    const isReady = Object.values(required).every(Boolean)
    const parts = { ...informational, ...required }
    const row = { service, version, startedAt, seenAt: new Date(), isReady, parts, pace: pace?.() ?? null }
    await store.models.serviceReports.updateOne({ _id }, { $set: row }, { upsert: true })
  }
  const reportOrLog = () => report().catch(error => log.info({ err: error }, 'service report not written'))
  void reportOrLog()
  const timer = setInterval(() => void reportOrLog(), EVERY_MS)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      const removed = store.models.serviceReports.deleteOne({ _id }).catch(() => undefined)
      // A process stops in time, whatever the database does.
      await Promise.race([removed, sleep(LAST_WORD_MS, undefined, { ref: false })])
    },
  }
}

/** Reports of all processes of the last day, by service; those that have ended without a word are among them. */
export async function listServiceReports({ models }: Store): Promise<ServiceReportDoc[]> {
  return await models.serviceReports.find().sort({ _id: 1 }).limit(500).lean()
}
