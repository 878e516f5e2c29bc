import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import { type Dialects, openDialects } from '#test/support/worlds/dialects.ts'

const ID = expect.stringMatching(/^[0-9a-f]{24}$/)
const stack = new AsyncDisposableStack()
let world: Dialects
let simulator: Simulator
beforeAll(async () => {
  simulator = stack.use(await createSimulator({ reviewMs: 3_600_000 }))
  world = stack.use(await openDialects({ META_GRAPH_URL: simulator.url }))
})
afterAll(() => stack.disposeAsync())

test('a message by {clientId, candidatePhone, message, templateName}: template before the reply, text after it', async () => {
  const clientId = String((await world.store.models.clients.findOne({ tenantId: world.tenantId }).lean())?._id)
  const body = { clientId, candidatePhone: '212638167216', message: 'Bonjour', templateName: 'application_received' }
  const first = await world.call('POST', '/api/messages/send', {
    ...body,
    candidateName: 'Ahmed Hassan',
    jobTitle: 'Developer PHP',
  })
  expect([first.status, first.body]).toMatchObject([202, { success: true, messageId: ID, cost: 0.4 }])
  await world.receive('212638167216', '...')
  const second = await world.call('POST', '/api/messages/send', body)
  expect([second.status, second.body]).toMatchObject([202, { success: true, messageId: ID, cost: 0 }])
  const { templateName: _none, ...templateless } = body
  expect((await world.call('POST', '/api/messages/send', { ...templateless, templateVars: [] })).status).toBe(202)
})

test('TP-01 the approved templates alone, each with its texts side by side', async () => {
  const { store, tenantId } = world
  await store.models.templates.updateOne({ tenantId, name: 'welcome' }, { $set: { status: 'PENDING' } })
  await store.models.templates.updateOne(
    { tenantId, name: 'application_received' },
    {
      $push: {
        components: {
          $each: [
            { type: 'HEADER', format: 'TEXT', text: 'Candidature' },
            { type: 'FOOTER', text: 'Acme' },
          ],
        },
      },
    },
  )
  const { status, body } = await world.call('GET', '/api/templates')
  expect([status, body.total, body.hasMore]).toEqual([200, 2, false])
  expect(body.templates.map(({ name }: { name: string }) => name).toSorted()).toEqual(['application_received', 'job_opportunity'])
  expect(body.templates.find(({ name }: { name: string }) => name === 'application_received')).toEqual({
    _id: ID,
    id: ID,
    name: 'application_received',
    language: 'fr',
    category: 'UTILITY',
    header: 'Candidature',
    body: expect.stringContaining('Bonjour {{1}}'),
    footer: 'Acme',
    variables: [
      { position: 1, name: 'candidateName', description: null },
      { position: 2, name: 'jobTitle', description: null },
    ],
    metaTemplateId: '900100200300401',
    status: 'approved',
    usageCount: 0,
    lastUsedAt: null,
    createdAt: expect.any(String),
    updatedAt: expect.any(String),
  })
})

test('TP-02 a new template is submitted to Meta, and pending', async () => {
  const input = {
    name: 'offer',
    language: 'fr',
    category: 'MARKETING',
    header: 'Offre',
    body: 'Bonjour {{1}}, une opportunité chez {{2}} pour vous.',
    footer: 'LinkoJob',
    variables: [
      { position: 1, name: 'candidate_name', description: "Candidate's first name" },
      { position: 2, name: 'company_name', description: 'The company' },
    ],
  }
  expect((await world.call('POST', '/api/templates', input)).status).toBe(403)
  const { status, body } = await world.call('POST', '/api/templates', input, 'manager')
  expect([status, body]).toEqual([
    201,
    {
      ...input,
      _id: ID,
      id: body._id,
      metaTemplateId: expect.any(String),
      status: 'pending',
      usageCount: 0,
      lastUsedAt: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    },
  ])
  const atMeta = [...simulator.sim.world.templates.values()].find(({ name }) => name === 'offer')
  expect(atMeta?.id).toBe(body.metaTemplateId)
  const { templates } = (await world.call('GET', '/api/templates')).body
  expect(templates.map(({ name }: { name: string }) => name)).not.toContain('offer')
})
