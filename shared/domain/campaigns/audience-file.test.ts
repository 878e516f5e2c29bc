import { expect, test } from 'vitest'
import { audienceFileState, type FileOwner } from './audience-file.ts'

const campaign = (changes: Partial<FileOwner> = {}): FileOwner => ({ endedAt: null, audience: { generation: 2 }, ...changes })

test.for<[string, number, FileOwner | null, string]>([
  ['the present file', 2, campaign(), 'needed'],
  ['a later file', 3, campaign(), 'uploading'],
  ['an older file', 1, campaign(), 'left'],
  ['a file of a campaign that has ended', 2, campaign({ endedAt: new Date() }), 'left'],
  ['a file of a deleted campaign', 2, campaign({ deletedAt: new Date() }), 'left'],
  ['a file of no campaign', 2, null, 'left'],
])('%s (generation %i)', ([, generation, owner, expected]) => {
  expect(audienceFileState(generation, owner)).toBe(expected)
})
