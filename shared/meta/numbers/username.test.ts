import { expect, test } from 'vitest'
import { fixtureAccess as access, graphCallOf, graphFixture } from '#test/fixtures/graph-calls.ts'
import { askSuggestions, askUsername, deleteUsername, readSuggestions, readUsername, setUsername } from './username.ts'

test('the calls are those that Meta documents', async () => {
  const username = 'atlas.recrutement'
  const { call: get } = graphFixture('username-get')
  expect(await graphCallOf(meta => askUsername(meta, access))).toEqual(get)
  expect(await graphCallOf(meta => askSuggestions(meta, access))).toEqual(graphFixture('username-suggestions').call)
  expect(await graphCallOf(meta => setUsername(meta, access, { username, isTransfer: false }))).toEqual(
    graphFixture('username-set-taken-in-portfolio-147005').call,
  )
  expect(await graphCallOf(meta => setUsername(meta, access, { username, isTransfer: true }))).toEqual(
    graphFixture('username-set-transfer').call,
  )
  expect(await graphCallOf(meta => deleteUsername(meta, access))).toEqual({ ...get, method: 'DELETE' })
})

test('a username and what Meta proposes are read', () => {
  expect(readUsername(graphFixture('username-get').answer)).toEqual({ username: 'atlas.recrutement', status: 'reserved' })
  expect(readUsername({ username: '@atlas', status: 'APPROVED' })).toEqual({ username: 'atlas', status: 'approved' })
  expect(readUsername({ username: 'atlas', status: 'in_review' })).toEqual({ username: 'atlas', status: 'reserved' })
  expect(readUsername({})).toEqual({ username: null, status: null })
  expect(readSuggestions(graphFixture('username-suggestions').answer)).toEqual(['atlas.recrutement', 'atlas_rh'])
  expect(readSuggestions({ data: [] })).toEqual([])
})
