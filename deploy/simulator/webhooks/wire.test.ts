import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { appSecretProof, signatureOf, wireJson } from './wire.ts'

interface Vectors {
  appSecret: string
  vectors: { name: string; body: string; encoding: string; signature: string; valid: boolean }[]
  appsecret_proof: { token: string; proof: string }
}

const file = path.join(import.meta.dirname, '../../../test/fixtures/signatures.json')
const { appSecret, vectors, appsecret_proof: known } = JSON.parse(readFileSync(file, 'utf8')) as Vectors

test.for(vectors.filter(({ valid }) => valid))('signs $name as Meta does', ({ body, signature }) => {
  expect(signatureOf(body, appSecret)).toBe(signature)
})

test.for(vectors.filter(({ valid, encoding }) => valid && encoding.startsWith('as Meta')))(
  'writes $name in the bytes Meta sends',
  ({ body }) => {
    expect(wireJson(JSON.parse(body))).toBe(body)
  },
)

test.for(vectors.filter(({ valid }) => !valid))('would not sign $name so', ({ body, signature }) => {
  expect(signatureOf(body, appSecret)).not.toBe(signature)
})

test('text that is already escaped stays unchanged', () => {
  expect(wireJson({ a: '\\/ "é" \u0000 /' })).toBe('{"a":"\\\\\\/ \\"\\u00e9\\" \\u0000 \\/"}')
})

test('the proof of a token is the one that Meta requires', () => {
  expect(appSecretProof(known.token, appSecret)).toBe(known.proof)
})
