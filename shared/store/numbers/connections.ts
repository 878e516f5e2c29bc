import type { ClientSession, HydratedDocument } from 'mongoose'
import { notFound } from '../../domain/errors.ts'
import { nextAttemptAt, type Step, stateOf } from '../../domain/onboarding/steps.ts'
import type { ConnectionDoc, Id } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import { isDuplicateKey } from '../errors.ts'
import { findPage, type Page, type PageRequest } from '../pages.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'
import type { Alongside } from '../transaction.ts'

/** Duration of a claim: after its executor died another process continues a connection after this time. */
export const CLAIM_MS = 15_000

export type NewConnection = Omit<ConnectionDoc, '_id' | 'createdAt' | 'updatedAt' | 'heldBy' | 'heldUntil' | 'endedAt'> & {
  _id: Id
}

/** Stores a new connection; null when one of the same cause exists. */
export async function createConnection(
  store: Store,
  connection: NewConnection,
  alongside?: Alongside<ConnectionDoc>,
): Promise<ConnectionDoc | null> {
  try {
    return await store.transaction(async session => {
      const doc = await insertConnection(store, connection, session)
      await alongside?.(doc, session)
      return doc
    })
  } catch (error) {
    if (connection.causeKey && isDuplicateKey(error)) return null
    throw error
  }
}

/** Stores a new connection in the transaction of what it belongs to. */
export async function insertConnection(store: Store, connection: NewConnection, session: ClientSession): Promise<ConnectionDoc> {
  const [created] = await store.models.connections.create([connection], { session })
  return (created as HydratedDocument<ConnectionDoc>).toObject()
}

export const findConnection = (store: Store, tenantId: Id | string, id: Id | string): Promise<ConnectionDoc | null> =>
  store.models.connections.findOne({ tenantId, _id: id }).lean().exec()

/** @throws ApiError 404 for unknown and other tenants' ids alike */
export async function getConnection(store: Store, tenantId: Id | string, id: Id | string): Promise<ConnectionDoc> {
  const connection = await findConnection(store, tenantId, id)
  if (connection === null) throw notFound('Connection')
  return connection
}

/** Connections, newest first; with `clientId` those of one number. */
export function listConnections(
  store: Store,
  tenantId: Id | string,
  { clientId }: { clientId?: string | undefined },
  page: PageRequest,
): Promise<Page<ConnectionDoc>> {
  const filter = { tenantId, ...(clientId && { 'numbers.clientId': clientId }) }
  return findPage(store.models.connections, filter, 'createdAt', page)
}

/** The connection of a dialog that returns: only its id is known, no caller. */
export const findReturning = (store: Store, id: string): Promise<ConnectionDoc | null> =>
  acrossTenants(() => store.models.connections.findOne({ _id: id }).lean())

/**
 * Takes a connection out of `OPEN`, for the first return of its dialog only. @returns null when another return came first
 */
export async function leaveDialog(
  store: Store,
  { _id, tenantId, stateHash }: ConnectionDoc,
  changes: Partial<ConnectionDoc>,
  alongside?: Alongside<ConnectionDoc>,
): Promise<ConnectionDoc | null> {
  const filter = { _id, tenantId, state: 'OPEN' as const, stateHash }
  return await store.transaction(async session => {
    const set = { $set: { ...changes, stateHash: null } }
    const after = await store.models.connections.findOneAndUpdate(filter, set, { session, returnDocument: 'after' }).lean()
    if (after !== null) await alongside?.(after, session)
    return after
  })
}

/** Changes a connection that nobody works on, under a condition on its state. @returns null when it is not met */
export async function changeConnection(
  store: Store,
  { _id, tenantId, updatedAt }: ConnectionDoc,
  changes: Partial<ConnectionDoc>,
  alongside?: Alongside<ConnectionDoc>,
): Promise<ConnectionDoc | null> {
  return await store.transaction(async session => {
    const filter = { _id, tenantId, updatedAt, $expr: trusted(IS_FREE) }
    const options = { session, returnDocument: 'after' } as const
    const after = await store.models.connections.findOneAndUpdate(filter, { $set: changes }, options).lean()
    if (after !== null) await alongside?.(after, session)
    return after
  })
}

const IS_FREE = { $lte: [{ $ifNull: ['$heldUntil', new Date(0)] }, '$$NOW'] }

/** The right to work on a connection. */
export interface ConnectionClaim {
  _id: Id
  tenantId: Id
  owner: string
}

/** Claims a running connection for `CLAIM_MS`, by MongoDB's clock. @returns null when it is held or not running */
export async function claimConnection(store: Store, { _id, tenantId, owner }: ConnectionClaim): Promise<ConnectionDoc | null> {
  const filter = { _id, tenantId, state: 'RUNNING' as const, $expr: trusted(IS_FREE) }
  return await store.models.connections.findOneAndUpdate(filter, held(owner), PIPELINE).lean()
}

const held = (owner: string) => [{ $set: { heldBy: { $literal: owner }, heldUntil: { $add: ['$$NOW', CLAIM_MS] } } }]
const PIPELINE = { updatePipeline: true, timestamps: false, returnDocument: 'after' } as const

/** Extends a claim while its executor works. */
export async function renewClaim(store: Store, { _id, tenantId, owner }: ConnectionClaim): Promise<void> {
  await store.models.connections.updateOne({ _id, tenantId, heldBy: owner }, held(owner), PIPELINE)
}

/** Frees a claim. */
export async function freeClaim(store: Store, { _id, tenantId, owner }: ConnectionClaim): Promise<void> {
  await store.models.connections.updateOne({ _id, tenantId, heldBy: owner }, { $set: { heldBy: null, heldUntil: null } })
}

/** What a step changes in its connection, beside its own entry in the list. */
export type ConnectionFacts = Partial<Pick<ConnectionDoc, 'code' | 'accessToken' | 'pin' | 'token' | 'wabas' | 'numbers'>>

/** Stores the steps with what they found. The connection's state follows from them. @returns null when the claim is lost */
export async function saveSteps(
  store: Store,
  { _id, tenantId, owner }: ConnectionClaim,
  { steps, facts = {}, now, session }: { steps: Step[]; facts?: ConnectionFacts; now: Date; session?: ClientSession },
): Promise<ConnectionDoc | null> {
  const state = stateOf(steps)
  const ended = state === 'RUNNING' ? { endedAt: null } : { endedAt: now }
  const spent = state === 'DONE' ? SPENT : {}
  const changes = { ...facts, ...spent, ...ended, steps, state, nextAt: nextAttemptAt(steps, now) }
  const options = { returnDocument: 'after', ...(session && { session }) } as const
  return await store.models.connections
    .findOneAndUpdate({ _id, tenantId, state: 'RUNNING', heldBy: owner }, { $set: changes }, options)
    .lean()
}

/** Secrets that a connection needs no more. */
const SPENT = { code: null, accessToken: null, pin: null } as const

/** Running connections of all tenants whose next step is due and that nobody works on. */
export const findConnectionsDue = (store: Store, now: Date, limit: number): Promise<ConnectionDoc[]> =>
  acrossTenants(() =>
    store.models.connections
      .find({ state: 'RUNNING', nextAt: trusted({ $lte: now }), $expr: trusted(IS_FREE) })
      .sort({ nextAt: 1 })
      .limit(limit)
      .lean(),
  )

/**
 * Ends connections that nobody continues: dialogs that did not return in time, and failed connections after a day, whose secrets
 * are emptied. @returns how many
 */
export async function endAbandoned(store: Store, now: Date, failedBefore: Date): Promise<number> {
  const { connections } = store.models
  const ended = { ...SPENT, stateHash: null, nextAt: null, endedAt: now }
  return await acrossTenants(async () => {
    const late = { state: 'OPEN' as const, expiresAt: trusted({ $lte: now }) }
    const left = { state: 'FAILED' as const, updatedAt: trusted({ $lte: failedBefore }) }
    const dialogs = await connections.updateMany(late, { $set: { ...ended, state: 'EXPIRED' } })
    const failed = await connections.updateMany(left, { $set: { ...ended, state: 'EXPIRED' } })
    return dialogs.modifiedCount + failed.modifiedCount
  })
}
