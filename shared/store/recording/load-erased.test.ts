import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import type { NamedPerson } from '../../model/batch-plan.ts'
import type { ContactDoc, MessageDoc } from '../../model/documents.ts'
import { peopleToLookFor } from './load-erased.ts'

const [tenantId, other] = [new Types.ObjectId(), new Types.ObjectId()]
const at = (second: number) => new Date(1_795_165_200_000 + second * 1000)
const contact = (createdAt: Date, tenant = tenantId) => ({ tenantId: tenant, waId: '1', userId: null, createdAt }) as ContactDoc
const person = (changes: Partial<NamedPerson> = {}): NamedPerson => ({
  tenantId,
  keys: ['1'],
  at: at(5),
  message: null,
  ...changes,
})
const named = { message: { messageId: null, wamid: 'wamid.1' } }

const found = (people: NamedPerson[], contacts: ContactDoc[] = [], messages: MessageDoc[] = []) =>
  peopleToLookFor({ people }, { contacts, messages }).flatMap(one => one.people)

test('a contact that is older than the item is not looked for among the erased, any other is', () => {
  expect(found([person()], [contact(at(4))])).toEqual([])
  expect(found([person()], [contact(at(6))])).toEqual(['1'])
  expect(found([person()], [contact(at(4), other)])).toEqual(['1'])
  expect(found([person()])).toEqual(['1'])
})

test('the recipient of a status is looked for when its message is not there', () => {
  const message = { _id: new Types.ObjectId(), wamid: 'wamid.1', previousIds: [] as string[] } as MessageDoc
  expect(found([person(named)], [], [message])).toEqual([])
  expect(found([person(named)], [contact(at(4))])).toEqual(['1'])
})
