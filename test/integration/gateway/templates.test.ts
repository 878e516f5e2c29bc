import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { createWorld } from '#test/support/world.ts'
import { type Answer, type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'

const { wabaId, phoneNumberId } = DEMO_TENANTS.demo
const APP_ID = '918273645500112'
/** Long enough that no review comes by itself. */
const NEVER_MS = 3_600_000

let stack: AsyncDisposableStack
let gateway: Gateway
let simulator: Simulator

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  simulator = stack.use(await createSimulator({ reviewMs: NEVER_MS, appId: APP_ID }))
  const env = { META_GRAPH_URL: simulator.url, META_APP_ID: APP_ID }
  gateway = stack.use(await openGateway(stack.use(await createWorld()), env))
})
afterEach(() => stack.disposeAsync())

const path = '/api/v1/templates'
const call = (method: string, at: string, body?: object, as: Person = 'manager', headers = {}): Promise<Answer> =>
  gateway.call(method, path + at, { as, body, headers })
const create = (body: object, headers = {}) => call('POST', '', { ...HELLO, ...body }, 'manager', headers)
const row = (id: string) => call('GET', `/${id}`)
const atMeta = (name: string) => [...simulator.sim.world.templates.values()].filter(template => template.name === name)
const doc = (name: string) => gateway.store.raw.templates.findOne({ name }) as Promise<TemplateDoc | null>
const emitted = async (templateId: string) =>
  (
    await gateway.store.raw.events.find({ name: 'template:status', 'payload.templateId': templateId }).sort({ at: 1 }).toArray()
  ).map(({ payload }) => payload.status)

const HELLO = {
  name: 'interview',
  language: 'fr',
  category: 'UTILITY',
  body: 'Bonjour {{1}}, votre entretien pour {{2}} est confirmé.',
  footer: 'Atlas',
  variables: [
    { position: 1, name: 'candidate_name', description: "Candidate's first name", example: 'Salma' },
    { position: 2, name: 'job_title' },
  ],
}

describe('a new template', () => {
  test('is submitted; its variables have the names that people gave them', async () => {
    const { status, body } = await create({})
    expect(status).toBe(201)
    expect(body).toMatchObject({ status: 'PENDING', submission: 'SUBMITTED', category: 'UTILITY', wabaId, usageCount: 0 })
    expect(body.components[0].example).toEqual({ body_text: [['Salma', 'job title']] })
    expect(body.variables.map(({ name }: { name: string }) => name)).toEqual(['candidate_name', 'job_title'])
    expect(atMeta('interview')).toMatchObject([{ id: body.metaTemplateId, wabaId, status: 'PENDING' }])
    expect(await emitted(body.id)).toEqual(['pending'])
    const log = await gateway.store.raw.auditLog.findOne({ action: 'templates.create' })
    expect(log).toMatchObject({ object: { kind: 'template', id: body.id } })
  })

  test.for<[string, object]>([
    [
      "Meta's form",
      {
        components: [
          { type: 'body', text: 'Bonjour à tous' },
          { type: 'buttons', buttons: [{ type: 'quick_reply', text: 'Oui' }] },
        ],
      },
    ],
    [
      'lists of parts',
      { componentsJson: { body: [{ type: 'text', text: 'Bonjour à tous' }], buttons: [{ type: 'quick_reply', text: 'Oui' }] } },
    ],
  ])('in %s is the same', async ([, content]) => {
    const { body: made } = await create({ body: undefined, footer: undefined, variables: undefined, ...content })
    expect(made.components).toEqual([
      { type: 'BODY', text: 'Bonjour à tous' },
      { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Oui' }] },
    ])
  })

  test('has the time to live that it is given, at Meta too; without one it is Meta’s default', async () => {
    const made = await create({ messageSendTtlSeconds: 3600 })
    expect([made.status, made.body.messageSendTtlSeconds]).toEqual([201, 3600])
    expect(atMeta('interview')).toMatchObject([{ ttlSeconds: 3600 }])
    const plain = await create({ name: 'plain', body: 'Bonjour à tous.', variables: [] })
    expect(plain.body.messageSendTtlSeconds).toBeNull()
    expect(atMeta('plain')).toMatchObject([{ ttlSeconds: null }])
    const far = await create({ name: 'far', category: 'MARKETING', messageSendTtlSeconds: 600 })
    expect([far.status, far.body.errorCode, far.body.errors[0].path]).toEqual([422, 'TEMPLATE_INVALID', 'messageSendTtlSeconds'])
    expect(atMeta('far')).toEqual([])
    expect((await create({ name: 'registered', submit: false, messageSendTtlSeconds: -1 })).body.messageSendTtlSeconds).toBe(-1)
  })

  test('that Meta would refuse is not sent to it: each field is named', async () => {
    const { status, body } = await create({ body: '{{1}} et {{3}}', footer: 'a'.repeat(61) })
    expect([status, body.errorCode]).toEqual([422, 'TEMPLATE_INVALID'])
    expect(new Set(body.errors.map((error: { path: string }) => error.path))).toEqual(new Set(['body', 'footer', 'variables.1']))
    expect((await create({ name: 'Not Allowed' })).status).toBe(400)
    expect(await doc('interview')).toBeNull()
  })

  test('that Meta refuses leaves nothing, and may be sent again', async () => {
    const twin = { name: 'application_received', body: 'Autre texte pour tous.', variables: [] }
    await gateway.store.raw.templates.deleteMany({ name: 'application_received' })
    const refused = await create(twin)
    expect(refused.status).toBe(422)
    expect(refused.body).toMatchObject({ errorCode: 'TEMPLATE_REFUSED', meta: { code: 100, subcode: 2388024 } })
    expect(await doc('application_received')).toBeNull()
    expect((await create({ ...twin, name: 'another' })).status).toBe(201)
  })

  test('stands alone in its place: name and language of an account', async () => {
    const first = await create({})
    const again = await create({ body: 'Autre chose.', variables: [] })
    expect([again.status, again.body.errorCode, again.body.templateId]).toEqual([409, 'TEMPLATE_EXISTS', first.body.id])
    expect((await create({ language: 'ar' })).status).toBe(422) // the same words: Meta calls it a duplicate
    expect((await create({ language: 'ar', body: 'مرحبا {{1}} و {{2}} هنا' })).status).toBe(201)
    const both = await Promise.all([0, 1].map(() => create({ name: 'race', body: 'Bonjour à tous.', variables: [] })))
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409])
    expect(atMeta('race')).toHaveLength(1)
  })

  test('is answered once for a key', async () => {
    const headers = { 'idempotency-key': 'k1' }
    const [first, second] = [await create({}, headers), await create({}, headers)]
    expect([second.status, second.body.id]).toEqual([201, first.body.id])
    expect((await create({ name: 'other' }, headers)).body.errorCode).toBe('KEY_REUSED')
  })

  test('belongs to the business account of the number that is named', async () => {
    const own = await gateway.store.raw.clients.findOne({ phoneNumberId })
    const { _id: _, ...fields } = own as NonNullable<typeof own>
    await gateway.store.models.clients.create({ ...fields, phoneNumberId: '1054543651069001', wabaId: '99', isPrimary: false })
    const second = await gateway.store.raw.clients.findOne({ wabaId: '99' })
    const made = await create({ clientId: String(second?._id), submit: false })
    expect([made.status, made.body.wabaId]).toEqual([201, '99'])
    expect((await create({})).body).toMatchObject({ wabaId })
    const unreadable = await create({ clientId: String(second?._id), name: 'other' })
    expect([unreadable.status, unreadable.body.errorCode]).toEqual([409, 'TOKEN_INVALID'])
    expect((await create({ clientId: '0'.repeat(24), name: 'other' })).status).toBe(404)
  })

  test('may come back in another category, which is Meta’s to say', async () => {
    const { body } = await create({ body: 'Bonjour {{1}}, une promo pour {{2}} vous attend.' })
    expect(body.category).toBe('MARKETING')
  })
})

describe('the sample of a header', () => {
  const upload = async (): Promise<string> => {
    const picture = await sharp({ create: { width: 20, height: 10, channels: 3, background: 'teal' } })
      .jpeg()
      .toBuffer()
    const authorization = `Bearer ${await gateway.tokenFor('agent')}`
    const init = { method: 'POST', headers: { authorization, 'content-type': 'image/jpeg' }, body: new Uint8Array(picture) }
    return ((await (await fetch(`${gateway.url}/api/v1/media`, init)).json()) as { id: string }).id
  }
  const withPicture = (id: string, more: object = {}, format = 'IMAGE') => {
    const header = { type: 'HEADER', format, example: { header_handle: [id] } }
    const components = [header, { type: 'BODY', text: 'Bonjour à tous.' }]
    return create({ body: undefined, footer: undefined, variables: undefined, components, ...more })
  }
  const handleAtMeta = () => JSON.stringify(atMeta('interview')[0]?.components[0])

  test('may be a file of ours: it is handed to Meta, also when a registered template is submitted', async () => {
    const id = await upload()
    const registered = (await withPicture(id, { submit: false })).body
    expect(JSON.stringify(registered.components)).toContain(id)
    expect((await call('PATCH', `/${registered.id}`, { submit: true })).body.submission).toBe('SUBMITTED')
    expect(handleAtMeta()).toContain('"4::')
    expect((await withPicture(id, { name: 'second', language: 'ar' })).status).toBe(422) // the same words
  })

  test('that Meta cannot take names the field, and nothing is stored', async () => {
    for (const asked of [withPicture('0'.repeat(24)), withPicture(await upload(), {}, 'DOCUMENT')]) {
      const { status, body } = await asked
      expect([status, body.errorCode, body.errors[0].path]).toEqual([
        422,
        'TEMPLATE_INVALID',
        'components.header.example.header_handle',
      ])
    }
    simulator.faults([{ match: { method: 'POST', path: '/upload:' }, times: 1, effect: { reset: true } }])
    expect((await withPicture(await upload())).status).toBe(503)
    expect(await doc('interview')).toBeNull()
  })
})

describe('when Meta cannot be reached', () => {
  const away = (effect: object, times = 1) =>
    simulator.faults([{ match: { method: 'POST', path: '/message_templates' }, times, effect }])

  test('an unknown outcome is never submitted blindly again: Meta is asked for the name first', async () => {
    away({ after: true, reset: true })
    const failed = await create({})
    expect(failed.status).toBe(502)
    expect(failed.body).toMatchObject({ errorCode: 'META_OUTCOME_UNKNOWN', templateId: expect.any(String) })
    expect((await row(failed.body.templateId)).body).toMatchObject({ status: 'PENDING', submission: 'UNKNOWN' })
    const again = await create({})
    expect([again.status, again.body.id, again.body.submission]).toEqual([201, failed.body.templateId, 'SUBMITTED'])
    expect(atMeta('interview')).toHaveLength(1)
  })

  test('what certainly did not arrive says so, and goes when it is submitted again', async () => {
    away({ status: 503, code: 2 })
    const failed = await create({})
    expect([failed.status, failed.body.errorCode]).toEqual([503, 'META_UNAVAILABLE'])
    expect(failed.headers.get('retry-after')).toMatch(/^\d+$/)
    const { body } = await row(failed.body.templateId)
    expect(body).toMatchObject({ status: 'PENDING', submission: 'UNSUBMITTED', metaTemplateId: null })
    expect((await call('PATCH', `/${body.id}`, { submit: true })).body).toMatchObject({ submission: 'SUBMITTED', id: body.id })
  })
})

describe('a template that is registered by hand', () => {
  const register = async () => (await create({ submit: false })).body

  test('is not submitted; people decide about its status, and it may be sent', async () => {
    const { id, submission, status } = await register()
    expect([submission, status]).toEqual(['REGISTERED', 'PENDING'])
    expect(atMeta('interview')).toEqual([])
    expect((await call('PATCH', `/${id}`, { status: 'APPROVED', body: 'Bonjour {{1}} et bienvenue.' })).body).toMatchObject({
      status: 'APPROVED',
      components: [{ type: 'BODY', text: 'Bonjour {{1}} et bienvenue.' }],
      variables: [{ name: 'candidate_name', position: 1 }],
    })
    expect(await emitted(id)).toEqual(['pending', 'pending', 'approved'])
  })

  test('is submitted later, and then Meta decides', async () => {
    const { id } = await register()
    expect((await call('PATCH', `/${id}`, { submit: true })).body).toMatchObject({ submission: 'SUBMITTED', status: 'PENDING' })
    const byHand = await call('PATCH', `/${id}`, { status: 'APPROVED' })
    expect([byHand.status, byHand.body.errorCode]).toEqual([409, 'TEMPLATE_MANAGED_BY_META'])
    expect((await call('PATCH', `/${id}`, { submit: true })).body.errorCode).toBe('TEMPLATE_SUBMITTED')
  })

  test('that Meta refuses stands as it stood, with its words', async () => {
    const made = await create({ submit: false, name: 'welcome_again', body: 'Bonjour à tous.', variables: [] })
    await call('PATCH', `/${made.body.id}`, { status: 'APPROVED' })
    await create({ name: 'twin', body: 'Bonjour à tous.', variables: [] })
    const refused = await call('PATCH', `/${made.body.id}`, { submit: true })
    expect([refused.status, refused.body.errorCode]).toEqual([422, 'TEMPLATE_REFUSED'])
    const { body } = await row(made.body.id)
    expect(body).toMatchObject({ status: 'APPROVED', submission: 'UNSUBMITTED', submissionDetail: refused.body.detail })
  })
})

describe('a template at Meta', () => {
  async function approved(name = 'interview'): Promise<string> {
    const { body } = await create({ name })
    simulator.review(body.metaTemplateId, { status: 'APPROVED' })
    await gateway.store.raw.templates.updateOne({ name }, { $set: { status: 'APPROVED' } })
    return body.id
  }

  test('is edited there first, and is under review again; an approved one once a day, in its category', async () => {
    const id = await approved()
    const fixed = await call('PATCH', `/${id}`, { category: 'MARKETING' })
    expect([fixed.status, fixed.body.errorCode]).toEqual([409, 'TEMPLATE_CATEGORY_FIXED'])
    const { body } = await call('PATCH', `/${id}`, { body: 'Bonjour {{1}}, à demain pour {{2}}, merci.' })
    expect(body).toMatchObject({ status: 'PENDING', variables: [{ name: 'candidate_name' }, { name: 'job_title' }] })
    // Only an approved one waits.
    expect([fixed.body.nextEditAt, body.nextEditAt]).toEqual([undefined, null])
    expect(atMeta('interview')[0]?.components[0]?.text).toBe('Bonjour {{1}}, à demain pour {{2}}, merci.')
    expect((await call('PATCH', `/${id}`, { body: 'Trop tôt.' })).body.errorCode).toBe('TEMPLATE_NOT_EDITABLE')
    await gateway.store.raw.templates.updateOne({ name: 'interview' }, { $set: { status: 'APPROVED' } })
    const again = Date.parse((await row(id)).body.nextEditAt) - Date.now()
    expect([again > 86_000_000, again <= 86_400_000]).toEqual([true, true])
    const often = await call('PATCH', `/${id}`, { body: 'Encore une fois.' })
    expect([often.status, often.body.errorCode]).toEqual([409, 'TEMPLATE_EDIT_LIMIT'])
    expect(Number(often.headers.get('retry-after'))).toBeGreaterThan(86_000)
  })

  test('is given another time to live there, within the bounds of its category', async () => {
    const id = await approved()
    const refused = await call('PATCH', `/${id}`, { messageSendTtlSeconds: 43_201 })
    expect([refused.status, refused.body.errors.map(({ path }: { path: string }) => path)]).toEqual([
      422,
      ['messageSendTtlSeconds'],
    ])
    const { status, body } = await call('PATCH', `/${id}`, { messageSendTtlSeconds: 600 })
    expect([status, body.messageSendTtlSeconds, body.status]).toEqual([200, 600, 'PENDING'])
    expect(atMeta('interview')).toMatchObject([{ ttlSeconds: 600 }])
  })

  test('has its variables described without Meta', async () => {
    const id = await approved()
    const { body } = await call('PATCH', `/${id}`, { variables: [{ position: 2, name: 'post', description: 'The job' }] })
    expect(body).toMatchObject({
      status: 'APPROVED',
      variables: [{ name: 'candidate_name' }, { name: 'post', description: 'The job' }],
    })
  })

  test('is deleted there and DISABLED here, where it can be made anew', async () => {
    const id = await approved()
    const { status, body } = await call('DELETE', `/${id}`)
    expect([status, body.status]).toEqual([200, 'DISABLED'])
    expect(atMeta('interview')).toEqual([])
    expect((await call('DELETE', `/${id}`)).status).toBe(200)
    expect((await call('GET', '?status=DISABLED')).body.data.map((one: { id: string }) => one.id)).toEqual([id])
    simulator.sim.world.wabas.get(wabaId)?.deletedTemplates.clear() // 30 days later
    const again = await create({})
    expect([again.status, again.body.id, again.body.status]).toEqual([201, id, 'PENDING'])
  })

  test('stays as it is while Meta cannot say that it is deleted', async () => {
    const id = await approved()
    simulator.faults([{ match: { method: 'DELETE', path: '/message_templates' }, times: 1, effect: { reset: true } }])
    expect((await call('DELETE', `/${id}`)).status).toBe(502)
    expect((await row(id)).body.status).toBe('APPROVED')
    expect((await call('DELETE', `/${id}`)).status).toBe(200)
  })

  test('is not deleted under a campaign, unless that is wanted', async () => {
    const id = await approved()
    const template = (await doc('interview')) as TemplateDoc
    const client = await gateway.store.raw.clients.findOne({ phoneNumberId })
    await gateway.store.models.campaigns.create({
      tenantId: template.tenantId,
      name: 'Autumn',
      clientId: client?._id,
      phoneNumberId,
      wabaId,
      template: { id: template._id, name: 'interview', language: 'fr', category: 'UTILITY' },
      columns: { to: 'to' },
      status: 'RUNNING',
    })
    const used = await call('DELETE', `/${id}`)
    expect([used.status, used.body.errorCode, used.body.campaigns[0].name]).toEqual([409, 'TEMPLATE_IN_USE', 'Autumn'])
    expect((await call('DELETE', `/${id}?force=true`)).body.status).toBe('DISABLED')
  })

  test('is taken out of use by hand whatever Meta says, and handed back', async () => {
    const id = await approved()
    expect((await call('PATCH', `/${id}`, { status: 'DISABLED' })).body.status).toBe('DISABLED')
    expect(atMeta('interview')).toHaveLength(1)
    expect((await call('PATCH', `/${id}`, { submit: true })).body).toMatchObject({ status: 'APPROVED', reason: null })
  })
})

test('a preview is what would be sent: texts, components, price', async () => {
  const [template] = (await call('GET', '?status=APPROVED')).body.data.filter(
    ({ name }: { name: string }) => name === 'application_received',
  )
  const preview = (body: object, as: Person = 'agent') => call('POST', `/${template.id}/preview`, body, as)
  const variables = { candidateName: 'Salma', jobTitle: 'Comptable' }
  const { status, body } = await preview({ variables, to: '+212661999888' })
  expect(status).toBe(200)
  expect(body.text).toContain('Bonjour Salma')
  expect(body.components).toEqual([
    {
      type: 'body',
      parameters: [
        { type: 'text', text: 'Salma' },
        { type: 'text', text: 'Comptable' },
      ],
    },
  ])
  expect(body.cost).toEqual({ amount: 0.4, currency: 'MAD', category: 'utility' })
  const wrong = await preview({ variables: { 1: 'Salma', nobody: 'x' } })
  expect([wrong.status, wrong.body.errorCode]).toEqual([422, 'TEMPLATE_VARIABLES'])
  expect(wrong.body.errors.map((error: { path: string }) => error.path)).toEqual(['variables.jobTitle', 'variables.nobody'])
})

test('agents list and preview, and change nothing', async () => {
  expect((await call('GET', '', undefined, 'agent')).status).toBe(200)
  const writes = [
    call('POST', '', HELLO, 'agent'),
    call('PATCH', `/${'0'.repeat(24)}`, { status: 'DISABLED' }, 'agent'),
    call('DELETE', `/${'0'.repeat(24)}`, undefined, 'agent'),
  ]
  expect((await Promise.all(writes)).map(({ status }) => status)).toEqual([403, 403, 403])
})
