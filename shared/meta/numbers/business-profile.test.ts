import { expect, test } from 'vitest'
import { fixtureAccess as access, graphCallOf, graphFixture } from '#test/fixtures/graph-calls.ts'
import { askProfile, readProfile, setProfile } from './business-profile.ts'

test('the calls are those that Meta documents', async () => {
  expect(await graphCallOf(meta => askProfile(meta, access))).toEqual(graphFixture('business-profile-get').call)
  expect(await graphCallOf(meta => setProfile(meta, access, { about: 'Nous recrutons', vertical: 'PROF_SERVICES' }))).toEqual(
    graphFixture('business-profile-update').call,
  )
})

test('what is taken away is an empty text, and what is not given is not named', async () => {
  expect(await graphCallOf(meta => setProfile(meta, access, { email: null, websites: [], pictureHandle: '4::x' }))).toMatchObject(
    {
      body: { messaging_product: 'whatsapp', email: '', websites: [], profile_picture_handle: '4::x' },
    },
  )
})

test('a profile is read with what is not set as null', () => {
  expect(readProfile(graphFixture('business-profile-get').answer)).toEqual({
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
