import { expect, test } from 'vitest'
import { z } from 'zod'
import { readMessage } from './read-message.ts'

const Job = z.object({ id: z.string() })

test.for([
  ['{"id":"1"}', { id: '1' }],
  ['{"id":1}', null],
  ['null', null],
  ['', null],
  ['{"id":', null],
] as const)('%s is read as %j', ([body, expected]) => {
  expect(readMessage(Job, { content: Buffer.from(body) })).toEqual(expected)
})
