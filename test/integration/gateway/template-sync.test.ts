import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator, type Simulator } from '#deploy/simulator/simulator.ts'
import type { BackgroundDeps } from '#services/gateway/numbers/background-deps.ts'
import { orderDueSyncs } from '#services/gateway/templates/order-syncs.ts'
import { runSyncs } from '#services/gateway/templates/run-syncs.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, type Person } from '#test/support/worlds/gateway.ts'
import { keyring, log } from '#test/support/worlds/ingest.ts'

const { wabaId, accessToken } = DEMO_TENANTS.demo
const LIST = { method: 'GET', path: `/${wabaId}/message_templates` }
const HOUR_MS = 3_600_000

let stack: AsyncDisposableStack
let gateway: Gateway
let simulator: Simulator
let deps: BackgroundDeps

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  simulator = stack.use(await createSimulator({ reviewMs: HOUR_MS }))
  gateway = stack.use(await openGateway(stack.use(await createWorld()), { META_GRAPH_URL: simulator.url }))
  const { store } = gateway
  const { events, meta, now } = gateway.deps
  deps = {
    store,
    events,
    meta,
    app: null,
    version: 'v25.0',
    keyring,
    log,
    now,
    tokenEveryMs: HOUR_MS,
    healthEveryMs: HOUR_MS,
    templatesEveryMs: 6 * HOUR_MS,
  }
  // Only what a test asks for: the schedule is due at its beginning.
  await gateway.store.raw.clients.updateMany({}, { $set: { nextTemplateSyncAt: new Date(Date.now() + HOUR_MS) } })
})
afterEach(() => stack.disposeAsync())

const get = async (path: string, as: Person = 'manager') => (await gateway.call('GET', `/api/v1${path}`, { as })).body
const order = async () => (await gateway.call('POST', '/api/v1/templates/sync', { as: 'manager' })).body
async function templateSync(mayGoOn = () => true): Promise<void> {
  await orderDueSyncs(deps)
  await runSyncs(deps, mayGoOn)
}
async function sync() {
  const { id } = await order()
  await templateSync()
  return get(`/jobs/${id}`)
}
const doc = (name: string) => gateway.store.raw.templates.findOne({ name }) as Promise<TemplateDoc | null>
const tenantId = async () => (await doc('welcome'))?.tenantId
const emitted = async (name: string) =>
  (await gateway.store.raw.events.find({ name: 'template:status', 'payload.name': name }).sort({ at: 1 }).toArray()).map(
    ({ payload }) => payload.status,
  )
const body = (text: string) => [{ type: 'BODY', text }]
/** More than two pages of a hundred. */
const many = (count: number) => {
  for (let i = 0; i < count; i++)
    simulator.template({
      wabaId,
      name: `bulk_${i}`,
      language: 'fr',
      category: 'UTILITY',
      status: 'APPROVED',
      components: body(`Texte ${i}`),
    })
}

describe('a sync', () => {
  test('is a job that is returned at once and listed among the jobs; a repeated request returns the same one', async () => {
    const first = await order()
    expect(first).toMatchObject({ id: expect.stringMatching(/^sync:/), type: 'SYNC_TEMPLATES', status: 'PENDING' })
    expect((await order()).id).toBe(first.id)
    await templateSync()
    const done = await get(`/jobs/${first.id}`)
    expect(done).toMatchObject({ status: 'DONE', attempts: 1, error: null, result: { added: 0, gone: 0 } })
    expect((await get('/jobs?type=SYNC_TEMPLATES')).data).toEqual([done])
    expect((await order()).id).not.toBe(first.id)
    expect((await gateway.call('GET', `/api/v1/jobs/${first.id}`, { as: 'other' })).status).toBe(404)
    expect((await gateway.call('POST', '/api/v1/templates/sync', { as: 'agent' })).status).toBe(403)
  })

  test('stands in the list of all jobs by its time, whatever the size of the pages', async () => {
    const { id } = await sync()
    const ids: string[] = []
    for (let cursor = ''; ; ) {
      const page = await get(`/jobs?limit=1${cursor && `&cursor=${cursor}`}`)
      ids.push(...page.data.map((job: { id: string }) => job.id))
      if (!page.hasMore) break
      cursor = page.nextCursor
    }
    expect(ids[0]).toBe(id)
    expect(new Set(ids).size).toBe(ids.length)
    expect((await get('/jobs?limit=100')).data.map((job: { id: string }) => job.id)).toEqual(ids)
  })

  test('brings what is new, what has changed, and takes out what is gone', async () => {
    many(230)
    simulator.sim.world.templates.delete((await doc('welcome'))?.metaTemplateId as string)
    const changed = simulator.sim.world.templates.get((await doc('job_opportunity'))?.metaTemplateId as string)
    Object.assign(changed ?? {}, { status: 'PAUSED', category: 'UTILITY', components: body('Un autre texte') })
    const { status, result } = await sync()
    expect([status, result]).toEqual(['DONE', { read: 232, added: 230, changed: expect.any(Number), gone: 1 }])
    expect(await doc('bulk_229')).toMatchObject({ status: 'APPROVED', wabaId, metaTemplateId: expect.any(String), variables: [] })
    expect(await doc('job_opportunity')).toMatchObject({ status: 'PAUSED', category: 'UTILITY', variables: [] })
    expect(await doc('welcome')).toMatchObject({ status: 'DISABLED', reason: 'no longer at WhatsApp' })
    expect([await emitted('bulk_0'), await emitted('job_opportunity'), await emitted('welcome')]).toEqual([
      ['approved'],
      ['paused'],
      ['disabled'],
    ])
    expect((await sync()).result).toEqual({ read: 232, added: 0, changed: 0, gone: 0 })
  })

  test('keeps the names that people gave to variables', async () => {
    await sync()
    expect((await doc('application_received'))?.variables.map(({ name }) => name)).toEqual(['candidateName', 'jobTitle'])
  })

  test('that fails in the middle leaves whole pages, and goes on later', async () => {
    many(230)
    simulator.faults([{ match: LIST, skip: 2, times: 1, effect: { status: 503, code: 2 } }])
    const { id } = await order()
    await templateSync()
    const failed = await get(`/jobs/${id}`)
    expect(failed).toMatchObject({ status: 'PENDING', attempts: 1, error: expect.any(String), result: { read: 200 } })
    expect(await doc('welcome')).toMatchObject({ status: 'APPROVED' })
    await templateSync()
    expect(await get(`/jobs/${id}`)).toMatchObject({ status: 'PENDING', attempts: 1 })
    expect((await order()).id).toBe(id) // somebody waits: it does not
    await templateSync()
    expect(await get(`/jobs/${id}`)).toMatchObject({ status: 'DONE', attempts: 2 })
    expect(await gateway.store.raw.templates.countDocuments({ name: /^bulk_/ })).toBe(230)
  })

  test('stops between two pages when its process does, and another goes on at once', async () => {
    many(230)
    let rounds = 0
    const { id } = await order()
    await templateSync(() => ++rounds <= 1)
    expect(await get(`/jobs/${id}`)).toMatchObject({ status: 'PENDING', attempts: 0, error: null, result: { read: 100 } })
    await templateSync()
    expect(await get(`/jobs/${id}`)).toMatchObject({ status: 'DONE', attempts: 1 })
    expect(await gateway.store.raw.templates.countDocuments({ name: /^bulk_/ })).toBe(230)
  })

  test('that Meta refuses says why, and takes nothing out', async () => {
    simulator.refuseToken(accessToken, { code: 190, subcode: 463 })
    const { status, error } = await sync()
    expect([status, error]).toEqual(['FAILED', expect.stringContaining(wabaId)])
    expect(await doc('welcome')).toMatchObject({ status: 'APPROVED' })
  })

  test('begins again at the first page when its cursor is too old', async () => {
    many(120)
    simulator.faults([{ match: LIST, skip: 1, times: 1, effect: { code: 131059 } }])
    const { status } = await sync()
    expect(status).toBe('DONE')
    expect(await gateway.store.raw.templates.countDocuments({ name: /^bulk_/ })).toBe(120)
  })

  test('of a process that died is taken over', async () => {
    const { id } = await order()
    await gateway.store.raw.templateSyncs.updateOne(
      { _id: id },
      { $set: { status: 'RUNNING', heldUntil: new Date(Date.now() + 60_000) } },
    )
    await templateSync()
    expect((await get(`/jobs/${id}`)).status).toBe('RUNNING')
    gateway.clock.now = new Date(Date.now() + 61_000)
    await templateSync()
    expect((await get(`/jobs/${id}`)).status).toBe('DONE')
  })

  test('does not take out what a list leaves out by mistake: Meta is asked for it by its id', async () => {
    const own = simulator.sim.world.templates
    const hidden = own.get((await doc('welcome'))?.metaTemplateId as string)
    if (hidden) hidden.wabaId = 'elsewhere'
    const { result } = await sync()
    expect(result.gone).toBe(0)
  })

  test('leaves alone what is registered by hand, and what people have taken out of use', async () => {
    const id = String((await doc('welcome'))?._id)
    await gateway.call('PATCH', `/api/v1/templates/${id}`, { as: 'manager', body: { status: 'DISABLED' } })
    const content = { name: 'by_hand', language: 'fr', category: 'UTILITY', body: 'À la main.', submit: false }
    await gateway.call('POST', '/api/v1/templates', { as: 'manager', body: content })
    expect((await sync()).result.gone).toBe(0)
    expect(await doc('welcome')).toMatchObject({ status: 'DISABLED', reason: 'disabled by hand' })
    expect(await doc('by_hand')).toMatchObject({ status: 'PENDING', metaTemplateId: null })
    simulator.template({
      wabaId,
      name: 'by_hand',
      language: 'fr',
      category: 'UTILITY',
      status: 'APPROVED',
      components: body('À la main.'),
    })
    await sync()
    expect(await doc('by_hand')).toMatchObject({ status: 'APPROVED', metaTemplateId: expect.any(String) })
  })

  test('settles submissions whose end nobody saw', async () => {
    const rows = ['there', 'nowhere'].map(name => ({
      name,
      language: 'fr',
      category: 'UTILITY' as const,
      components: body('Bonjour.'),
    }))
    const submission = { state: 'UNKNOWN' as const, at: new Date(Date.now() - HOUR_MS), detail: null }
    const place = { tenantId: await tenantId(), wabaId, status: 'PENDING' as const, submission }
    await gateway.store.models.templates.create(rows.map(row => ({ ...place, ...row })) as unknown as TemplateDoc[])
    simulator.template({ wabaId, ...(rows[0] as (typeof rows)[0]), status: 'APPROVED' })
    gateway.clock.now = new Date(Date.now() + 1000)
    await sync()
    expect(await doc('there')).toMatchObject({ status: 'APPROVED', submission: null, metaTemplateId: expect.any(String) })
    expect(await doc('nowhere')).toMatchObject({ status: 'PENDING', submission: { state: 'UNSUBMITTED' } })
  })
})

describe('by itself', () => {
  const clients = () => gateway.store.raw.clients
  const jobs = () => gateway.store.raw.templateSyncs.find({ tenantId: clientTenant }).toArray()
  let clientTenant: TemplateDoc['tenantId']
  beforeEach(async () => {
    clientTenant = (await tenantId()) as TemplateDoc['tenantId']
  })

  test('a sync comes every six hours, one a tenant, also where nobody asked', async () => {
    await clients().updateMany({ tenantId: clientTenant }, { $set: { nextTemplateSyncAt: null } })
    await templateSync()
    await templateSync()
    expect(await jobs()).toMatchObject([{ trigger: 'schedule', status: 'DONE', isOpen: false }])
    gateway.clock.now = new Date(Date.now() + 7 * HOUR_MS)
    await templateSync()
    expect(await jobs()).toHaveLength(2)
  })

  test('two leaders at once carry one out once', async () => {
    await order()
    await Promise.all([templateSync(), templateSync()])
    expect(await jobs()).toMatchObject([{ status: 'DONE', attempts: 1 }])
  })
})
