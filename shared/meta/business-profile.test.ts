import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { askProfile, readProfile, setProfile } from './business-profile.ts'
import type { GraphRequest, GraphResult, MetaClient } from './client.ts'

const fixture = (name: string) => JSON.parse(readFileSync(`test/fixtures/graph/${name}.json`, 'utf8'))
const client = { tenantId: 't', wabaId: '1', phoneNumberId: '1054543651068213', status: 'active', pauseReason: null }
const access = { client, token: 'EAAFixtureTenantAToken' } as unknown as Parameters<typeof askProfile>[1]

/** What is asked of Meta. */
async function asked(call: (meta: MetaClient) => Promise<GraphResult>) {
  const calls: unknown[] = []
  const note =
    (method: string) =>
    async (path: string, { query, body }: GraphRequest) => {
      calls.push({ method, path, ...(query && { query }), ...(body && { body }) })
      return { kind: 'ok', data: {}, httpStatus: 200, latencyMs: 1, traceId: null } as const
    }
  await call({ graph: { get: note('GET'), post: note('POST'), delete: note('DELETE') } } as unknown as MetaClient)
  return calls[0]
}

test('the calls are those that Meta documents', async () => {
  const { request: read } = fixture('business-profile-get')
  expect(await asked(meta => askProfile(meta, access))).toEqual({
    ...{ method: 'GET', path: read.path.replace('/v25.0/', ''), query: read.query },
  })
  const { request: write } = fixture('business-profile-update')
  expect(await asked(meta => setProfile(meta, access, { about: 'Nous recrutons', vertical: 'PROF_SERVICES' }))).toEqual({
    ...{ method: 'POST', path: write.path.replace('/v25.0/', ''), body: write.body },
  })
})

test('what is taken away is an empty text, and what is not given is not named', async () => {
  expect(await asked(meta => setProfile(meta, access, { email: null, websites: [], pictureHandle: '4::x' }))).toMatchObject({
    body: { messaging_product: 'whatsapp', email: '', websites: [], profile_picture_handle: '4::x' },
  })
})

test('a profile is read with what is not set as null', () => {
  const { response } = fixture('business-profile-get')
  expect(readProfile(response.body)).toEqual({
    profile: {
      about: 'Recrutement au Maroc',
      address: '12 rue de Fes',
      description: 'Cabinet de recrutement',
      email: 'contact@atlas.example',
      websites: ['https://atlas.example'],
      vertical: 'PROF_SERVICES',
    },
    pictureUrl: 'https://pps.example/atlas.jpg',
  })
  const none = { about: null, address: null, description: null, email: null, websites: [], vertical: null }
  for (const data of [{}, { data: [] }, { data: [{ about: '', vertical: 'UNDEFINED', websites: null }] }, { data: 'no' }])
    expect(readProfile(data)).toEqual({ profile: none, pictureUrl: null })
})
