import type { Id, SecondFactor, UserDoc } from '../../model/documents.ts'
import { type Store, trusted } from '../connect.ts'
import type { Alongside } from '../transaction.ts'

type Owner = Pick<UserDoc, '_id' | 'tenantId'>

/** Begins a second factor in the place of one that was only begun. @returns false when one is in force */
export async function beginSecondFactor({ models }: Store, { tenantId, _id }: Owner, secret: string): Promise<boolean> {
  const secondFactor = { secret, confirmedAt: null, recoveryHashes: [], lastStep: 0 }
  const filter = { tenantId, _id, 'secondFactor.confirmedAt': null, deletedAt: null }
  return (await models.users.updateOne(filter, { $set: { secondFactor } })).modifiedCount === 1
}

/** Puts a second factor into force that was begun with this secret. @returns false when it was replaced or removed meanwhile */
export async function confirmSecondFactor(
  store: Store,
  { tenantId, _id }: Owner,
  { secret, lastStep, recoveryHashes, now }: Pick<SecondFactor, 'secret' | 'lastStep' | 'recoveryHashes'> & { now: Date },
  alongside: Alongside<void>,
): Promise<boolean> {
  return await store.transaction(async session => {
    const filter = { tenantId, _id, 'secondFactor.secret': secret, 'secondFactor.confirmedAt': null }
    const $set = {
      'secondFactor.confirmedAt': now,
      'secondFactor.lastStep': lastStep,
      'secondFactor.recoveryHashes': recoveryHashes,
    }
    const { modifiedCount } = await store.models.users.updateOne(filter, { $set }, { session })
    if (modifiedCount === 1) await alongside(undefined, session)
    return modifiedCount === 1
  })
}

/** Uses a code up. @returns false when it, or a later one, was used already */
export async function takeStep({ models }: Store, { tenantId, _id }: Owner, step: number): Promise<boolean> {
  const filter = { tenantId, _id, 'secondFactor.lastStep': trusted({ $lt: step }) }
  const update = { $set: { 'secondFactor.lastStep': step } }
  return (await models.users.updateOne(filter, update, { timestamps: false })).modifiedCount === 1
}

/** Uses a recovery code up. @returns false when it is none of the user's, or was used already */
export async function takeRecoveryCode({ models }: Store, { tenantId, _id }: Owner, hash: string): Promise<boolean> {
  const filter = { tenantId, _id, 'secondFactor.recoveryHashes': hash }
  const update = { $pull: { 'secondFactor.recoveryHashes': hash } }
  return (await models.users.updateOne(filter, update, { timestamps: false })).modifiedCount === 1
}

/** Replaces all recovery codes of a second factor in force. */
export async function replaceRecoveryCodes(
  store: Store,
  { tenantId, _id }: Owner,
  recoveryHashes: string[],
  alongside: Alongside<void>,
): Promise<void> {
  await store.transaction(async session => {
    const $set = { 'secondFactor.recoveryHashes': recoveryHashes }
    await store.models.users.updateOne(
      { tenantId, _id, 'secondFactor.confirmedAt': trusted({ $ne: null }) },
      { $set },
      { session },
    )
    await alongside(undefined, session)
  })
}

/** Removes the second factor of a user. @returns false when there was none */
export async function removeSecondFactor(
  store: Store,
  { tenantId, userId }: { tenantId: Id | string; userId: Id | string },
  alongside: Alongside<void>,
): Promise<boolean> {
  return await store.transaction(async session => {
    const filter = { tenantId, _id: userId, 'secondFactor.secret': trusted({ $gt: '' }) }
    const { modifiedCount } = await store.models.users.updateOne(filter, { $unset: { secondFactor: 1 } }, { session })
    if (modifiedCount === 1) await alongside(undefined, session)
    return modifiedCount === 1
  })
}
