import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Id } from '#shared/model/documents.ts'
import { forgetTenant } from '#shared/store/accounts/tenants.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const SALMA = '212661000101' // her window is open
const HOUR_MS = 3_600_000
const stack = new AsyncDisposableStack()
let gateway: Gateway
let tenantId: Id
beforeAll(async () => {
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
  tenantId = (await userByEmail(gateway.store, PEOPLE.agent)).tenantId
})
afterAll(() => stack.disposeAsync())
beforeEach(() => {
  gateway.clock.now = null
})

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  gateway.call('POST', `/api/v1/messages${path}`, { as: 'agent', body, headers })
const defaultTemplate = (body: object, headers?: Record<string, string>) => post('/template', body, headers)
let lastNumber = 212663000000
const stranger = () => String(++lastNumber)
async function windowEnds(waId = SALMA): Promise<Date> {
  const row = await gateway.store.raw.conversations.findOne({ tenantId, 'contact.waId': waId })
  return row?.windowExpiresAt as Date
}
const plus = (at: Date, ms: number) => new Date(at.getTime() + ms)

describe('the default template', () => {
  test('is the first one for somebody who never wrote, filled with what is known of them', async () => {
    const to = stranger()
    const { status, body } = await defaultTemplate({
      to,
      candidateName: 'Amal',
      jobTitle: 'Comptable',
      companyName: 'not asked for',
    })
    expect([status, body.jobId]).toEqual([202, body.id])
    expect(body).toMatchObject({
      status: 'QUEUED',
      cost: { amount: 0.4, currency: 'MAD' },
      content: {
        template: {
          name: 'application_received',
          language: 'fr',
          variables: { candidateName: 'Amal', jobTitle: 'Comptable' },
        },
      },
    })
    const again = await defaultTemplate({ conversationId: body.conversationId, jobTitle: 'Vendeuse' })
    // Nobody has answered: it still begins. Her name is known by now.
    expect(again.body.content.template).toMatchObject({
      name: 'application_received',
      variables: { candidateName: 'Amal', jobTitle: 'Vendeuse' },
    })
  })

  test('is the other one once the window has closed', async () => {
    gateway.clock.now = plus(await windowEnds(), 1)
    const { status, body } = await defaultTemplate({ to: SALMA, variables: { 1: 'Salma', 2: 'Comptable' } })
    expect([status, body.content.template.name]).toEqual([202, 'job_opportunity'])
  })

  test('is none while the window is open: the answer names the call for texts', async () => {
    const end = await windowEnds()
    gateway.clock.now = plus(end, -1)
    const { status, body } = await defaultTemplate({ to: SALMA, jobTitle: 'Comptable' })
    expect([status, body.errorCode, body.useInstead]).toEqual([422, 'WINDOW_OPEN', '/api/v1/messages/text'])
    expect(body.windowExpiresAt).toBe(end.toISOString())
    expect((await post('/text', { to: SALMA, text: 'Bonjour' })).status).toBe(202)
  })

  test('is chosen for the time at which it goes', async () => {
    const end = await windowEnds()
    const at = (ms: number) => defaultTemplate({ to: SALMA, jobTitle: 'Comptable', sendAt: plus(end, ms).toISOString() })
    expect((await at(-1000)).body.errorCode).toBe('WINDOW_OPEN')
    const { status, body } = await at(HOUR_MS)
    expect([status, body.content.template.name, body.waiting.reason]).toEqual([202, 'job_opportunity', 'scheduled'])
  })

  test('may be named, and is held to the same rules as any', async () => {
    const named = await defaultTemplate({ to: stranger(), templateName: 'welcome', language: 'en_US', candidateName: 'Amal' })
    expect(named.body.content.template).toMatchObject({ name: 'welcome', variables: { candidateName: 'Amal' } })
    const missing = await defaultTemplate({ to: stranger(), candidateName: 'Amal' })
    expect([missing.status, missing.body.errorCode]).toEqual([422, 'TEMPLATE_VARIABLES'])
    expect(missing.body.errors).toEqual([
      {
        path: 'variables.jobTitle',
        message: 'This variable is missing.',
        messageKey: { key: 'variable-missing', parameters: {} },
      },
    ])
    expect((await defaultTemplate({ to: stranger(), language: 'xx', candidateName: 'Amal' })).body.errorCode).toBe(
      'TEMPLATE_UNKNOWN',
    )
    expect((await defaultTemplate({ candidateName: 'Amal' })).status).toBe(400)
  })

  test('must be set: an account without one gets an error that names the setting', async () => {
    const { tenants } = gateway.store.raw
    const settings = (await tenants.findOne({ _id: tenantId }))?.settings
    await tenants.updateOne({ _id: tenantId }, { $set: { 'settings.initiateTemplate': null } })
    forgetTenant(gateway.store, tenantId)
    const { status, body } = await defaultTemplate({ to: stranger(), candidateName: 'Amal', jobTitle: 'Comptable' })
    await tenants.updateOne({ _id: tenantId }, { $set: { settings } })
    forgetTenant(gateway.store, tenantId)
    expect([status, body.errorCode]).toEqual([422, 'TEMPLATE_NOT_SET'])
    expect(body.detail).toContain('initiateTemplate')
  })

  test('goes once for a key', async () => {
    const body = { to: stranger(), candidateName: 'Amal', jobTitle: 'Comptable' }
    const answers = [
      await defaultTemplate(body, { 'idempotency-key': 'f-1' }),
      await defaultTemplate(body, { 'idempotency-key': 'f-1' }),
    ]
    expect(new Set(answers.map(answer => answer.body.id)).size).toBe(1)
    expect((await defaultTemplate({ ...body, jobTitle: 'other' }, { 'idempotency-key': 'f-1' })).status).toBe(409)
  })
})

test('a text by its other address needs an open window too', async () => {
  gateway.clock.now = plus(await windowEnds(), 0)
  const { status, body } = await post('/text', { to: SALMA, text: 'a' })
  expect([status, body.errorCode, body.suggestedTemplate]).toEqual([
    422,
    'WINDOW_CLOSED',
    { name: 'job_opportunity', language: 'fr' },
  ])
})
