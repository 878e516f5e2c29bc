import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import type { MessageDoc } from '../../model/documents.ts'
import { overtakenWrites } from './outcome-writes.ts'

test('a row is never SENT without the id by which reports find it, not even between two writes', () => {
  const at = new Date()
  const message = { _id: new Types.ObjectId(), tenantId: new Types.ObjectId() } as MessageDoc
  const step = { kind: 'sent', wamid: 'wamid.1', note: null } as const
  const writes = overtakenWrites({ message, step, at, entry: { kind: 'attempt', at } })
  const sets = writes.map(write =>
    'updateOne' in write ? Object.keys((write.updateOne.update as { $set?: object }).$set ?? {}) : [],
  )
  const [ofId, ofStatus] = ['wamid', 'status'].map(field => sets.findIndex(fields => fields.includes(field)))
  expect(ofId).toBeGreaterThanOrEqual(0)
  expect(ofId).toBeLessThan(ofStatus as number)
})
