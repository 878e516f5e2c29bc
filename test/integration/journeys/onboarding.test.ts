import { expect, test } from 'vitest'
import { createPlatformAdmin } from '#deploy/admin.ts'
import { COLLECTIONS } from '#shared/store/models.ts'
import { untilTrue } from '#test/support/until.ts'
import { openOnboarding } from '#test/support/worlds/onboarding.ts'

const PASSWORD = 'correct horse battery staple of Rabat'
const PHONE = '4054543651068213'

test('[ON-01] [ON-11] [MS-32] [TS-01] from an empty database to a template that was read: admin, tenant, invitation, sign-in, number, template, by REST alone', {
  timeout: 300_000,
}, async () => {
  await using o = await openOnboarding()
  const { gateway, simulator, store } = o
  for (const name of COLLECTIONS) if (name !== 'leases') await store.raw[name].deleteMany({})
  await using _recorder = await o.startRecorder()
  await using _sender = await o.startSender()
  simulator.delivery({ sentMs: 10, deliveredMs: 20, readMs: 30 })
  simulator.number({ phoneNumberId: PHONE, displayPhoneNumber: '212537000001', state: 'unregistered', subscribed: false })

  const post = async (path: string, body: object, token?: string) => {
    const answer = await gateway.call('POST', path, { body, ...(token && { token }) })
    expect([path, answer.status < 300, answer.body]).toEqual([path, true, answer.body])
    return answer.body
  }
  const get = async (path: string, token: string) => (await gateway.call('GET', path, { token })).body
  const signIn = async (email: string) =>
    (await post('/api/v1/auth/login', { email, password: PASSWORD, client: 'api' })).accessToken
  const accept = (token: string) => post('/api/v1/auth/links/accept', { token, password: PASSWORD })

  await accept((await createPlatformAdmin(store, { email: 'root@linko.example' })).token)
  const root = await signIn('root@linko.example')
  const company = { name: 'Sahara', adminEmail: 'rh@sahara.example', adminName: 'Nadia' }
  const { link } = await post('/api/v1/tenants', company, root)
  await accept(link.token)
  const admin = await signIn('rh@sahara.example')

  const { oauthUrl } = await post('/api/auth/whatsapp/initiate', {}, admin)
  const back = await o.returnJson(await o.choose(oauthUrl, PHONE))
  // On a slow machine the answer comes before the last step, and the background goes on.
  if (back.status === 202) await untilTrue(async () => (await o.resume(await o.connection())).state === 'DONE')
  else expect(back.body).toEqual({ success: true, client: { phoneNumberId: PHONE, whatsappNumber: '+212537000001' } })
  const [connection] = (await get('/api/v1/connections', admin)).data
  expect(connection.numbers).toMatchObject([{ phoneNumberId: PHONE, whatsappNumber: '+212537000001' }])
  expect(o.stepsOf(connection)).toMatchObject({ connect: 'DONE', webhook: 'DONE', template: 'TODO' })

  const variables = [{ position: 1, name: 'firstName', example: 'Salma' }]
  const text = { body: 'Bonjour {{1}}, votre compte est ouvert.', variables }
  const template = { name: 'bienvenue', language: 'fr', category: 'UTILITY', ...text }
  const { id: templateId } = await post('/api/v1/templates', template, admin)
  await untilTrue(async () => (await get(`/api/v1/templates/${templateId}`, admin)).status === 'APPROVED')
  const send = { to: '+212661000999', templateName: 'bienvenue', language: 'fr', variables: ['Salma'] }
  // The company's own system sends it, with a key for this alone, as when somebody applies.
  const keyFor = async (scope: string) => (await post('/api/v1/api-keys', { name: scope, scopes: [scope] }, admin)).key
  const refused = await gateway.call('POST', '/api/v1/messages/send-template', { body: send, token: await keyFor('leads.*') })
  expect(refused.status).toBe(403)
  const { id } = await post('/api/v1/messages/send-template', send, await keyFor('messages.*'))
  await untilTrue(async () => (await get(`/api/v1/messages/by-id/${id}`, admin)).status === 'READ')
  expect(simulator.messages({ phoneNumberId: PHONE }).data).toHaveLength(1)
  // What the operator and the company did is on record, and no secret is.
  const entries = JSON.stringify(await store.raw.auditLog.find({}).toArray())
  for (const action of ['connections.begin', 'clients.connect']) expect(entries).toContain(action)
  expect(entries).not.toMatch(/EAA|v1:/)
})
