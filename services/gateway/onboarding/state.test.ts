import { expect, test } from 'vitest'
import type { ConnectionDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { checkState, connectionIdIn, newState } from './state.ts'

const SECRET = 'secret-of-the-test-with-thirty-two-bytes'
const actor = { kind: 'user' as const, id: newId(), name: 'Ana' }
const bound = { _id: newId(), tenantId: newId(), actor }

function given(changes: Partial<ConnectionDoc> = {}) {
  const { state, stateHash } = newState(bound, SECRET)
  return { state, connection: { ...bound, state: 'OPEN', stateHash, ...changes } as ConnectionDoc }
}

test('[ON-04] a state names its connection and holds 256 bits that nobody can guess', () => {
  const { state, connection } = given()
  expect(connectionIdIn(state)).toBe(String(bound._id))
  expect(checkState(state, connection, SECRET)).toBe('genuine')
  expect(given().state).not.toBe(state)
  for (const other of ['', 'x', `${state}x`, state.slice(1)]) expect(connectionIdIn(other)).toBeNull()
})

test.for<[string, Partial<ConnectionDoc>]>([
  ['another tenant', { tenantId: newId() }],
  ['another person', { actor: { ...actor, id: newId() } }],
  ['a key with the same id', { actor: { ...actor, kind: 'apiKey' } }],
  ['another connection', { _id: newId() }],
])('[ON-04] a state of %s is forged', ([, changes]) => {
  const { state, connection } = given(changes)
  expect(checkState(state, connection, SECRET)).toBe('forged')
})

test('[ON-04] a state is signed with the secret of this platform, and used once its dialog returned or another one was opened', () => {
  const { state, connection } = given()
  expect(checkState(state, connection, `${SECRET}!`)).toBe('forged')
  expect(checkState(state, { ...connection, stateHash: null }, SECRET)).toBe('used')
  expect(checkState(state, { ...connection, state: 'RUNNING' }, SECRET)).toBe('used')
  expect(checkState(state, { ...connection, stateHash: newState(bound, SECRET).stateHash }, SECRET)).toBe('used')
})
