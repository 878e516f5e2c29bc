import { setTimeout as sleep } from 'node:timers/promises'
import type { mongo } from 'mongoose'
import type { LeaseDoc } from '../model/documents.ts'

/** A row that nobody reads. */
const PROBE = 'write-probe'
/** Longest wait of the server for its locks and for the majority, and of this process for the answer. */
const SERVER_MS = 2000
const ANSWER_MS = 2500

/** Writes a row and waits for the majority. @returns whether that worked in time; an error is no */
export async function takesWrites(leases: mongo.Collection<LeaseDoc>): Promise<boolean> {
  const written = leases.updateOne(
    { _id: PROBE },
    { $set: { owner: PROBE }, $currentDate: { until: true } },
    { upsert: true, maxTimeMS: SERVER_MS, writeConcern: { w: 'majority', journal: true, wtimeoutMS: SERVER_MS } },
  )
  const answer = written.then(
    () => true,
    () => false,
  )
  return await Promise.race([answer, sleep(ANSWER_MS, false, { ref: false })])
}
