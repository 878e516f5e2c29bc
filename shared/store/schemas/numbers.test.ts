import { expect, test } from 'vitest'
import { conversationSchema } from './inbox.ts'
import { clientSchema, templateSchema } from './numbers.ts'

test('[DB-01] a number has every field of the systems that Linko replaces', () => {
  const fields = [
    ...['companyName', 'email', 'userId', 'whatsappNumber', 'phoneNumberId', 'accessToken', 'tokenExpiry', 'status'],
    ...['connectedAt', 'disconnectedAt', 'createdAt', 'updatedAt'],
  ]
  expect(fields.filter(field => clientSchema.path(field) === undefined)).toEqual([])
})

const indexesOf = (schema: { indexes(): [object, object][] }) => schema.indexes().map(([key]) => Object.keys(key).join(' '))

test('[DB-02] numbers are found by the id at Meta, the user and the status', () => {
  expect(indexesOf(clientSchema)).toEqual(expect.arrayContaining(['phoneNumberId', 'tenantId userId', 'tenantId status']))
})

test('[DB-03] conversations are one for a number and a contact, and sorted by their last activity', () => {
  const expected = ['tenantId clientId contactId', 'tenantId clientId lastActivityAt _id', 'tenantId lastActivityAt _id']
  expect(indexesOf(conversationSchema)).toEqual(expect.arrayContaining(expected))
  const [, options] = conversationSchema.indexes().find(([key]) => 'contactId' in key && 'clientId' in key) ?? []
  expect(options).toMatchObject({ unique: true })
})

test('[DB-04] templates are one for account, name and language, and found by their status', () => {
  expect(indexesOf(templateSchema)).toEqual(
    expect.arrayContaining(['tenantId wabaId name language', 'tenantId status category name']),
  )
})
