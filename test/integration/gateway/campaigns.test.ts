import { randomBytes } from 'node:crypto'
import { Types } from 'mongoose'
import { expect, inject, test } from 'vitest'
import type { z } from 'zod'
import type { CampaignView } from '#services/gateway/campaigns/view.ts'
import { checkNextAudience } from '#services/sender/background/check-audience.ts'
import { createHeldCampaigns } from '#services/sender/send/held-campaigns.ts'
import { createCampaignStop } from '#services/sender/send/stop-campaign.ts'
import { startSender } from '#services/sender/sender.ts'
import { describeError } from '#shared/domain/messages/send-errors.ts'
import { connectRedis } from '#shared/limits/connect.ts'
import { createSendLimits } from '#shared/limits/send-limits.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import type { CampaignDoc, ContactDoc } from '#shared/model/documents.ts'
import { listFiles } from '#shared/storage/object-storage.ts'
import { openStorage } from '#shared/storage/open.ts'
import { stepCampaign } from '#shared/store/campaigns/progress.ts'
import { untilTrue } from '#test/support/until.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway } from '#test/support/worlds/gateway.ts'
import { keyring, log } from '#test/support/worlds/ingest.ts'
import { type Answer, accept, refuse, startMeta } from '#test/support/worlds/sender.ts'

type Campaign = z.infer<typeof CampaignView>

/** Gateway, sender and a Meta that answers as the test wants; the demo tenant sends. */
async function openCampaigns(answer: Answer = accept) {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await createWorld())
  const gateway = stack.use(await openGateway(world))
  const meta = stack.use(await startMeta(answer))
  const prefix = `{test:${randomBytes(6).toString('hex')}}`
  const redis = stack.use(await connectRedis(inject('servers').redisUrl, { log }))
  async function send() {
    const client = createMetaClient({ baseUrl: meta.url, version: 'v25.0', timeoutMs: 5000 })
    const limits = (liveSenders: () => number) => createSendLimits({ redis, liveSenders, prefix })
    const storage = openStorage({}, gateway.store.connection)
    const { store, queue } = gateway
    return await startSender({ store, queue, meta: client, keyring, storage, log, limits }, { unknownDeadlineMs: 2000 })
  }
  const call = async (method: string, path: string, body?: unknown, type = 'application/json') =>
    await gateway.call(method, `/api/v1/campaigns${path}`, { as: 'manager', body, headers: { 'content-type': type } })
  async function campaign(changes: object = {}): Promise<string> {
    const input = { name: 'Welcome', templateName: 'welcome', language: 'en_US', ...changes }
    const { status, body } = await call('POST', '', input)
    expect([status, body.errors]).toEqual([201, undefined])
    return body.id
  }
  async function until(id: string, fact: (campaign: Campaign) => boolean): Promise<Campaign> {
    let last = {} as Campaign
    await untilTrue(async () => {
      last = (await call('GET', `/${id}`)).body
      return fact(last)
    }).catch(error => {
      throw new Error(`${fact} of ${JSON.stringify(last)}`, { cause: error })
    })
    return last
  }
  const opened = stack.move()
  return { gateway, meta, send, call, campaign, until, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

const number = (i: number) => `+2126610${String(i).padStart(5, '0')}`
const csvOf = (rows: string[][]) => rows.map(row => row.join(',')).join('\n')
const people = (count: number) => Array.from({ length: count }, (_, i) => [number(i), `Person ${i}`])

async function variableOf(gateway: Gateway): Promise<string> {
  const template = await gateway.store.models.templates.findOne({ tenantId: await demo(gateway), name: 'welcome' }).lean()
  return template?.variables[0]?.name ?? '1'
}
const demo = async (gateway: Gateway) =>
  (await gateway.store.models.users.collection.findOne({ email: 'manager@whatsapp-saas.com' }))?.tenantId as Types.ObjectId

test('rows of a file become recipients or say why not; the estimate sums them up; each gets one message', async () => {
  await using w = await openCampaigns()
  await using _sender = await w.send()
  const name = await variableOf(w.gateway)
  const optedOut = number(3).slice(1)
  const tenantId = await demo(w.gateway)
  await w.gateway.store.models.templates.updateMany({ tenantId, name: 'welcome' }, { $set: { category: 'MARKETING' } })
  await w.gateway.store.models.contacts.create({ tenantId, waId: optedOut, phone: optedOut, optOut: true })
  const id = await w.campaign({ columns: { to: 'Phone', name: 'Full name', variables: { [name]: 'Full name' } } })
  const rows = [['phone', 'full name'], ...people(20), [number(1), 'Again'], ['nonsense', 'X'], [number(50), '']]
  expect((await w.call('PUT', `/${id}/audience`, csvOf(rows), 'text/csv')).status).toBe(202)
  const checked = await w.until(id, it => it.audience.state !== 'CHECKING')
  expect(checked.audience).toMatchObject({ state: 'READY', rows: 23, recipients: 19, duplicate: 1, invalid: 2, optedOut: 1 })

  const { body: estimated } = await w.call('POST', '/estimate', { campaignId: id })
  expect(estimated).toMatchObject({ recipients: 19, left: { invalid: 2, duplicate: 1, optedOut: 1 }, messagesPerSecond: 80 })
  expect(estimated.cost).toEqual({
    amount: 7.6,
    currency: 'MAD',
    parts: [{ category: 'marketing', country: 'MA', count: 19, amount: 7.6 }],
  })
  const refused = await w.call('POST', `/${id}/start`, { expectedRecipients: 18 })
  expect([refused.status, refused.body.errorCode]).toEqual([409, 'RECIPIENTS_CHANGED'])
  expect((await w.call('POST', `/${id}/start`, { expectedRecipients: 19 })).status).toBe(202)
  const done = await w.until(id, it => it.status === 'DONE')
  expect(done.counts).toMatchObject({ recipients: 19, pending: 0, skipped: 0, queued: 0, sent: 19, failed: 0 })
  const sentTo = w.meta.posts.map(({ to }) => to)
  expect(sentTo.toSorted()).toEqual(
    people(20)
      .map(([to]) => to)
      .filter(to => to !== `+${optedOut}`),
  )
  const parameters = [{ type: 'text', text: expect.stringMatching(/^Person \d+$/) }]
  expect(w.meta.posts[0]?.body.template).toMatchObject({ name: 'welcome', components: [{ type: 'body', parameters }] })

  const failures = await w.call('GET', `/${id}/failures.csv`)
  expect(failures.headers.get('content-type')).toContain('text/csv')
  expect(failures.body.split('\n').filter((line: string) => line !== '')).toHaveLength(1 + 4)
  await w.gateway.project()
  const conversations = await w.gateway.store.models.conversations.find({ tenantId, 'contact.name': 'Person 7' }).lean()
  expect(conversations).toMatchObject([{ status: 'closed', messageCount: 1, lastMessage: { status: 'SENT' } }])
})

test('of audiences that are given at once one is the audience, whole', async () => {
  await using w = await openCampaigns()
  const name = await variableOf(w.gateway)
  const id = await w.campaign({ columns: { to: 'phone', variables: { [name]: 'name' } } })
  const give = (count: number) => w.call('PUT', `/${id}/audience`, csvOf([['phone', 'name'], ...people(count)]), 'text/csv')
  const answers = await Promise.all([give(5), give(9), give(13)])
  expect(answers.map(({ status }) => status).filter(status => status === 202).length).toBeGreaterThan(0)
  expect(answers.filter(({ status, body }) => status !== 202 && body.errorCode !== 'AUDIENCE_REPLACED')).toEqual([])
  await using _sender = await w.send()
  const checked = await w.until(id, it => it.audience.state !== 'CHECKING')
  expect([5, 9, 13]).toContain(checked.audience.recipients)
  const row = await w.gateway.store.raw.campaigns.findOne({ _id: new Types.ObjectId(id) })
  const files = await w.gateway.store.connection.collection('files.files').find({}).toArray()
  expect(files.map(({ filename }) => filename)).toContain(`${row?.tenantId}/campaigns/${id}/${row?.audience.generation}`)
  expect(row?.audience.generation).toBe(row?.audienceClaims)
})

test('an eleventh audience has nothing of the nine before it', async () => {
  await using w = await openCampaigns()
  await using _sender = await w.send()
  const name = await variableOf(w.gateway)
  const id = await w.campaign({ columns: { to: 'phone', variables: { [name]: 'name' } } })
  for (let times = 1; times <= 11; times++) {
    await w.call('PUT', `/${id}/audience`, csvOf([['phone', 'name'], ...people(3)]), 'text/csv')
    const { audience } = await w.until(id, it => it.audience.state !== 'CHECKING')
    expect([times, audience.recipients, audience.duplicate]).toEqual([times, 3, 0])
  }
})

test('[F36] a check of an audience that dies between rows and count counts each row once', async () => {
  await using w = await openCampaigns()
  const name = await variableOf(w.gateway)
  const id = await w.campaign({ columns: { to: 'phone', variables: { [name]: 'name' } } })
  const rows = [['phone', 'name'], ...people(2500), [number(1), 'Again'], ['nonsense', 'X']]
  await w.call('PUT', `/${id}/audience`, csvOf(rows), 'text/csv')
  const { store, storage } = w.gateway.deps
  const check = () => checkNextAudience({ store, storage, log }, () => true)
  const { campaigns } = store.raw
  const updateOne = campaigns.updateOne.bind(campaigns)
  for (const dies of [1, 2, 1]) {
    let writes = 0
    campaigns.updateOne = (...update) => (++writes === dies ? Promise.reject(new Error('killed')) : updateOne(...update))
    await expect(check()).rejects.toThrow('killed')
  }
  campaigns.updateOne = updateOne
  while ((await check()) > 0);
  const { audience } = (await w.call('GET', `/${id}`)).body
  expect(audience).toMatchObject({ state: 'READY', rows: 2502, recipients: 2500, duplicate: 1, invalid: 1 })
  expect(await store.raw.campaignRecipients.countDocuments({ campaignId: new Types.ObjectId(id) })).toBe(2502)
})

test('[F52] a company whose files fill its share gives no further audience', async () => {
  await using w = await openCampaigns()
  const id = await w.campaign()
  const tenantId = await demo(w.gateway)
  const bytes = w.gateway.deps.config.UPLOAD_QUOTA_BYTES
  await w.gateway.store.raw.campaigns.updateOne({ _id: new Types.ObjectId(id), tenantId }, { $set: { 'audience.bytes': bytes } })
  const refused = await w.call('PUT', `/${id}/audience`, csvOf([['phone'], ...people(2)]), 'text/csv')
  expect([refused.status, refused.body.errorCode]).toEqual([422, 'STORAGE_FULL'])
})

test('a campaign is estimated before there is a draft: nothing is stored, and the numbers are those that a draft would have', async () => {
  await using w = await openCampaigns()
  const tenantId = await demo(w.gateway)
  const { templates, contacts, campaigns, campaignRecipients, conversations } = w.gateway.store.models
  const name = await variableOf(w.gateway)
  await templates.updateMany({ tenantId, name: 'welcome' }, { $set: { category: 'MARKETING' } })
  const optedOut = number(3).slice(1)
  await contacts.create({ tenantId, waId: optedOut, phone: optedOut, optOut: true })
  const input = { templateName: 'welcome', language: 'en_US' }
  const list = [...people(20), [number(1), 'Again'], ['nonsense', 'X'], [number(3), 'Twice']]
  const recipients = [...list.map(([to, value]) => ({ to, variables: { [name]: value } })), { to: number(50) }]
  const estimate = (body: object) => w.call('POST', '/estimate', body)
  const { status, body: estimated } = await estimate({ ...input, recipients })
  expect([status, estimated.recipients, estimated.left]).toEqual([200, 19, { invalid: 2, duplicate: 2, optedOut: 1 }])
  const most = Array.from({ length: 2000 }, (_, i) => ({ to: number(1000 + i), variables: { [name]: 'x'.repeat(500) } }))
  expect((await estimate({ ...input, recipients: most })).body.recipients).toBe(2000)
  expect((await estimate({ ...input, recipients: [...most, { to: number(5000) }] })).status).toBe(400)
  expect(estimated).toMatchObject({
    cost: { amount: 7.6 },
    messagesPerSecond: 80,
    durationSeconds: 1,
    ahead: 0,
    aheadElsewhere: 0,
  })
  expect((await estimate({ ...input, recipients, perMinute: 19 })).body).toMatchObject({ durationSeconds: 60 })

  const id = await w.campaign({ recipients })
  await using _sender = await w.send()
  await w.until(id, it => it.audience.state === 'READY')
  const { body: drafted } = await estimate({ campaignId: id })
  expect({ ...drafted, startsAt: '', finishesAt: '' }).toEqual({ ...estimated, startsAt: '', finishesAt: '' })
  await campaigns.deleteMany({ tenantId })
  await campaignRecipients.deleteMany({ tenantId })

  const everybody = { ...input, variables: { [name]: 'you' }, contacts: {} }
  const known = await contacts.countDocuments({ tenantId, deletedAt: null })
  expect((await estimate(everybody)).body).toMatchObject({ recipients: known - 1, left: { optedOut: 1 } })
  await contacts.updateOne({ tenantId, optOut: false }, { $set: { attributes: { city: 'Fès' } } })
  const some = { attribute: { name: 'city', value: 'Fès' } }
  expect((await estimate({ ...everybody, contacts: some })).body.recipients).toBe(1)
  await conversations.updateMany({ tenantId }, { $set: { labels: [] } })
  expect((await estimate({ ...everybody, contacts: { label: 'vip' } })).body).toMatchObject({ recipients: 0, durationSeconds: 0 })
  expect(await campaigns.countDocuments({ tenantId })).toBe(0)
  expect(await campaignRecipients.countDocuments({ tenantId })).toBe(0)
})

test('an estimate needs one campaign, stored or given in the request, and stays in its tenant', async () => {
  await using w = await openCampaigns()
  const id = '0'.repeat(24)
  const cases: [object, number, string][] = [
    [{}, 400, 'BODY_INVALID'],
    [{ campaignId: id, perMinute: 1 }, 400, 'BODY_INVALID'],
    [{ campaignId: id }, 404, 'NOT_FOUND'],
    [{ templateName: 'welcome' }, 400, 'BODY_INVALID'],
    [{ templateName: 'welcome', recipients: [{ to: '1' }], contacts: {} }, 400, 'BODY_INVALID'],
    [{ contacts: {} }, 422, 'TEMPLATE_NEEDED'],
    [{ templateName: 'nobody', contacts: {} }, 422, 'TEMPLATE_UNKNOWN'],
    [{ templateName: 'welcome', contacts: {}, clientId: id }, 404, 'NOT_FOUND'],
  ]
  for (const [body, ...expected] of cases) {
    const answer = await w.call('POST', '/estimate', body)
    expect([body, answer.status, answer.body.errorCode]).toEqual([body, ...expected])
  }
})

test('an estimate of more contacts than a request may count asks for a draft', async () => {
  await using w = await openCampaigns()
  const tenantId = await demo(w.gateway)
  const rows = Array.from({ length: 21_001 }, (_, i) => ({
    _id: new Types.ObjectId(),
    tenantId,
    waId: `21266${i}`,
    deletedAt: null,
  }))
  await w.gateway.store.raw.contacts.insertMany(rows as unknown as ContactDoc[])
  const { status, body } = await w.call('POST', '/estimate', { templateName: 'welcome', contacts: {} })
  expect([status, body.errorCode]).toEqual([422, 'AUDIENCE_TOO_LARGE'])
})

test('[F36] a pause stops within a second, a resume goes on where it was, nobody is left out or written to twice', async () => {
  await using w = await openCampaigns()
  await using _sender = await w.send()
  const name = await variableOf(w.gateway)
  const id = await w.campaign({ columns: { variables: { [name]: 'name' } } })
  await w.call('PUT', `/${id}/audience`, csvOf([['to', 'name'], ...people(300)]), 'text/csv')
  await w.until(id, it => it.audience.state === 'READY')
  await w.call('POST', `/${id}/start`, {})
  await untilTrue(() => w.meta.posts.length > 50)
  expect((await w.call('POST', `/${id}/pause`, {})).body.status).toBe('PAUSED')
  const pausedAt = Date.now()
  await untilTrue(() => Date.now() > pausedAt + 2000)
  const late = w.meta.posts.filter(({ at }) => at > pausedAt + 1000)
  expect(late).toEqual([])
  expect(w.meta.posts.length).toBeLessThan(300)
  await w.call('POST', `/${id}/resume`, {})
  const done = await w.until(id, it => it.status === 'DONE')
  expect(done.counts).toMatchObject({ sent: 300, failed: 0 })
  expect(new Set(w.meta.posts.map(({ to }) => to)).size).toBe(300)
  expect(w.meta.posts).toHaveLength(300)
}, 240_000)

test('[F36] a sender that dies in the middle loses and repeats nothing', async () => {
  await using w = await openCampaigns()
  const name = await variableOf(w.gateway)
  const recipients = people(200).map(([to, shown]) => ({ to, variables: { [name]: shown } }))
  const id = await w.campaign({ recipients })
  {
    await using _first = await w.send()
    await w.until(id, it => it.audience.state === 'READY')
    await w.call('POST', `/${id}/start`, {})
    await untilTrue(() => w.meta.posts.length > 60)
  }
  await using _second = await w.send()
  await w.until(id, it => it.status === 'DONE')
  expect(w.meta.posts.map(({ to }) => to).toSorted()).toEqual(people(200).map(([to]) => to))
}, 240_000)

test('one error touches one recipient, and those whom it did not reach can be written to again', async () => {
  const isBad = (to: string) => to.endsWith('7')
  await using w = await openCampaigns((post, response, request) =>
    (isBad(post.to) ? refuse(131026) : accept)(post, response, request),
  )
  await using _sender = await w.send()
  const name = await variableOf(w.gateway)
  const recipients = people(20).map(([to, shown]) => ({ to, variables: { [name]: shown } }))
  const id = await w.campaign({ recipients })
  await w.until(id, it => it.audience.state === 'READY')
  await w.call('POST', `/${id}/start`, {})
  const done = await w.until(id, it => it.status === 'DONE')
  expect(done.counts).toMatchObject({ sent: 18, failed: 2 })
  const { body } = await w.call('GET', `/${id}/recipients?state=failed`)
  expect(body.data.map((row: { to: string }) => row.to)).toEqual([number(7), number(17)])
  const words = { code: 131026, title: expect.any(String), detail: expect.any(String), sentence: expect.any(String) }
  const times = { queuedAt: expect.any(String), sentAt: null, deliveredAt: null, readAt: null, failedAt: body.data[0].at }
  expect(body.data[0]).toMatchObject({ row: 8, state: 'FAILED', error: words, ...times })
  const reasons = (await w.call('GET', `/${id}/failures`)).body.data
  const { sentence, nextStep } = body.data[0].error
  expect(reasons).toEqual([{ key: null, code: 131026, title: body.data[0].error.title, sentence, nextStep, count: 2 }])
  expect(body.data[0].variables).toEqual({ [name]: 'Person 7' })
  const csv = (await w.call('GET', `/${id}/report.csv`)).body.split('\n')
  expect(csv[0]).toContain(',title,detail,queued_at,sent_at,delivered_at,read_at,failed_at')
  expect(csv[8]).toContain(body.data[0].error.title)
  expect(csv[8]?.trim().endsWith(`,,,,${body.data[0].failedAt},,`)).toBe(true)
  const { body: sent } = await w.call('GET', `/${id}/recipients?state=sent&limit=1`)
  expect(sent.data[0]).toMatchObject({ sentAt: expect.any(String), readAt: null, failedAt: null })
  const all = await w.call('GET', `/${id}/recipients?limit=15`)
  expect(all.body).toMatchObject({ total: 20, totalIsExact: true, page: 1, limit: 15, hasMore: true })
  expect(body).toMatchObject({ total: 2, hasMore: false, nextCursor: null })
  const rest = await w.call('GET', `/${id}/recipients?limit=15&cursor=${all.body.nextCursor}`)
  expect([...all.body.data, ...rest.body.data].map((row: { row: number }) => row.row)).toEqual(people(20).map((_, i) => i + 1))

  w.meta.answer = accept
  const again = await w.call('POST', `/${id}/rerun`, { codes: [131026] })
  expect(again.status).toBe(201)
  const keyed = () =>
    w.gateway.call('POST', `/api/v1/campaigns/${id}/rerun`, { as: 'manager', body: {}, headers: { 'idempotency-key': 'rerun' } })
  const [once, twice] = [await keyed(), await keyed()]
  expect([once.status, twice.status, twice.body]).toEqual([201, 201, once.body])
  await w.until(again.body.id, it => it.audience.state === 'READY')
  await w.call('POST', `/${again.body.id}/start`, {})
  const second = await w.until(again.body.id, it => it.status === 'DONE')
  expect(second.counts).toMatchObject({ recipients: 2, sent: 2 })
})

test('a campaign waits for its time, goes on beside another of its number, and ends when it is cancelled', async () => {
  await using w = await openCampaigns()
  await using _sender = await w.send()
  const name = await variableOf(w.gateway)
  const of = (from: number, count: number) =>
    people(from + count)
      .slice(from)
      .map(([to, shown]) => ({ to, variables: { [name]: shown } }))
  const [slow, timed] = [
    await w.campaign({ recipients: of(0, 100), perMinute: 120 }),
    await w.campaign({ recipients: of(100, 5) }),
  ]
  for (const id of [slow, timed]) await w.until(id, it => it.audience.state === 'READY')
  const { body } = await w.call('POST', `/${timed}/start`, { startAt: new Date(Date.now() + 1500).toISOString() })
  expect(body.status).toBe('SCHEDULED')
  await w.call('POST', `/${slow}/start`, {})
  await w.until(timed, it => it.status === 'DONE')
  expect((await w.call('PATCH', `/${slow}`, { name: 'x' })).body.errorCode).toBe('CAMPAIGN_STATE')
  await w.call('POST', `/${slow}/cancel`, { reason: 'wrong list' })
  const ended = await w.until(slow, it => it.endedAt !== null)
  expect(ended).toMatchObject({ status: 'CANCELLED', statusReason: 'wrong list', counts: { queued: 0 } })
  expect(ended.counts.sent + ended.counts.failed + ended.counts.pending).toBe(100)
  expect(w.meta.posts).toHaveLength(ended.counts.sent + 5)
}, 240_000)

test('a bad row of a file is left out alone, and says why', async () => {
  await using w = await openCampaigns()
  await using _sender = await w.send()
  const name = await variableOf(w.gateway)
  const id = await w.campaign({ columns: { variables: { [name]: 'Prénom' } } })
  const rows = [
    'Numéro de téléphone;PRENOM',
    `"${number(1)};Aya`,
    `${number(2)};Omar`,
    `"'${number(3)}";Nora`,
    '2,12661E+11;Sara',
  ]
  await w.call('PUT', `/${id}/audience`, rows.join('\r\n'), 'text/csv')
  const { audience } = await w.until(id, it => it.audience.state !== 'CHECKING')
  expect(audience).toMatchObject({ state: 'READY', rows: 4, recipients: 2, invalid: 2 })
  const { data } = (await w.call('GET', `/${id}/recipients?state=skipped`)).body
  expect(data).toMatchObject([
    { row: 1, detail: expect.stringContaining('quotation mark'), detailKeys: [{ key: 'row-quotes', parameters: {} }] },
    { row: 4, detail: expect.stringContaining('exponent'), detailKeys: [{ key: 'phone-exponent' }] },
  ])
  const [header, first] = (await w.call('GET', `/${id}/failures.csv`)).body.split('\n')
  expect(header).toMatch(/,keys,parameters$/)
  expect(first).toMatch(/,row-quotes,\[\{\}\]$/)
  // Rows of earlier versions have sentences only.
  const own = { campaignId: new Types.ObjectId(String(id)), state: 'SKIPPED' as const }
  await w.gateway.store.raw.campaignRecipients.updateMany(own, { $unset: { detailKeys: '' } })
  expect((await w.call('GET', `/${id}/recipients?state=skipped`)).body.data).toMatchObject([
    { detail: expect.stringContaining('quotation mark'), detailKeys: [] },
    { detail: expect.stringContaining('exponent'), detailKeys: [] },
  ])
})

test('the columns of a file are read from its beginning, whatever it is written in', async () => {
  await using w = await openCampaigns()
  const ask = (file: Buffer) =>
    w.gateway.call('POST', '/api/v1/campaigns/columns', { as: 'manager', body: file, headers: { 'content-type': 'text/csv' } })
  const rows = (count: number) =>
    ['Téléphone;Prénom;;Ville', ...people(count).map(row => [...row, '', 'Fès'].join(';'))].join('\n')
  const columns = [
    { name: 'Téléphone', samples: [number(0), number(1), number(2)] },
    { name: 'Prénom', samples: ['Person 0', 'Person 1', 'Person 2'] },
    { name: 'Ville', samples: ['Fès', 'Fès', 'Fès'] },
  ]
  const beginning = (file: Buffer) => file.subarray(0, 256 * 1024)
  for (const encoding of ['utf8', 'latin1', 'utf16le'] as const) {
    const start = encoding === 'utf16le' ? '\ufeff' : ''
    for (const count of [3, 20_000]) {
      const { status, body } = await ask(beginning(Buffer.from(start + rows(count), encoding)))
      expect([encoding, count, status, body.columns]).toEqual([encoding, count, 200, columns])
      expect(body.separator).toBe(';')
    }
  }
  // The end of what was sent stands within a letter of two bytes.
  const torn = Buffer.from(`phone,city\n${`${number(1)},é\n`.repeat(20_000)}`)
  for (const shift of [0, 1, 2, 3]) {
    const { body } = await ask(beginning(Buffer.concat([Buffer.from(`${'a'.repeat(shift)},`), torn])))
    expect([shift, body.encoding]).toEqual([shift, 'utf-8'])
  }
  expect((await ask(Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0, 1]))).status).toBe(422)
})

test('contacts by a filter are an audience; a file that is none says so', async () => {
  await using w = await openCampaigns()
  await using _sender = await w.send()
  const name = await variableOf(w.gateway)
  const tenantId = await demo(w.gateway)
  const city = (i: number) => ({
    tenantId,
    waId: number(i).slice(1),
    name: `P${i}`,
    attributes: { City: i % 2 ? 'Fes' : 'Rabat' },
  })
  await w.gateway.store.models.contacts.insertMany([0, 1, 2, 3, 4].map(city))
  const id = await w.campaign({ columns: { variables: { [name]: 'City' } } })
  await w.call('POST', `/${id}/audience`, { contacts: { attribute: { name: 'City', value: 'Rabat' } } })
  const ready = await w.until(id, it => it.audience.state === 'READY')
  expect(ready.audience).toMatchObject({ kind: 'contacts', recipients: 3 })
  await w.call('PUT', `/${id}/audience`, csvOf([['who', 'name'], ...people(2)]), 'text/csv')
  const failed = await w.until(id, it => it.audience.state === 'FAILED')
  expect(failed.audience.problem).toBe('There is no column to. The file has: who, name')
  expect(failed.audience.problemKey).toEqual({ key: 'column-missing', parameters: { column: 'to', columns: 'who, name' } })
  expect((await w.call('POST', `/${id}/start`, {})).body).toMatchObject({ errorCode: 'AUDIENCE_FAILED' })
  await w.call('PUT', `/${id}/audience`, 'PK\x03\x04\x14\0\x06\0', 'application/vnd.ms-excel')
  const workbook = await w.until(id, it => it.audience.state === 'FAILED' && it.audience.problem !== failed.audience.problem)
  expect(workbook.audience).toMatchObject({ problem: expect.stringMatching(/workbook/), problemKey: { key: 'file-zip' } })
  expect((await w.call('PUT', `/${id}/audience`, '<xml/>', 'text/xml')).status).toBe(415)
  const rest = await w.gateway.store.raw.campaignRecipients.countDocuments({ campaignId: new Types.ObjectId(id) })
  expect(rest).toBe(0)
})

test('a refusal from before the resume does not pause the campaign again, however late it is written', async () => {
  await using w = await openCampaigns()
  const { campaigns } = w.gateway.store.raw
  const _id = new Types.ObjectId(await w.campaign())
  await campaigns.updateOne({ _id }, { $set: { status: 'RUNNING' } })
  const judged = (await campaigns.findOne({ _id })) as CampaignDoc
  await campaigns.updateOne({ _id }, { $set: { resumedAt: new Date() } })
  expect(await stepCampaign(w.gateway.store, judged, { status: 'PAUSED' }, new Date())).toBeNull()
  const resumed = (await campaigns.findOne({ _id })) as CampaignDoc
  expect(resumed.status).toBe('RUNNING')
  expect(await stepCampaign(w.gateway.store, resumed, { status: 'PAUSED' }, new Date())).toMatchObject({
    name: 'campaign:progress',
  })
})

test('a refusal of a call that began before the resume was seen does not pause the campaign, whatever the clocks say', async () => {
  await using w = await openCampaigns()
  const { store } = w.gateway
  const campaignId = new Types.ObjectId(await w.campaign())
  const message = { campaignId, tenantId: await demo(w.gateway) }
  const resumedAt = new Date(Date.now() - 600_000)
  await store.raw.campaigns.updateOne({ _id: campaignId }, { $set: { status: 'RUNNING', resumedAt } })
  const campaigns = createHeldCampaigns(store)
  const publishing = { publish: async () => undefined } as never
  const stop = createCampaignStop({ store, publishing, clock: { now: () => new Date(), [Symbol.dispose]() {} }, log })
  const error = describeError({ code: 132015 })
  const status = async () => (await store.raw.campaigns.findOne({ _id: campaignId }))?.status

  await stop(message, campaigns.resumedAt(String(campaignId)), error)
  expect(await status()).toBe('RUNNING')
  expect([...(await campaigns.findHeld([String(campaignId)]))]).toEqual([])
  await stop(message, campaigns.resumedAt(String(campaignId)), error)
  expect(await status()).toBe('PAUSED')
})

test('a template that Meta refuses pauses the campaign with the reason; resumed, it reaches everybody else', async () => {
  await using w = await openCampaigns(refuse(132015))
  const tenantId = await demo(w.gateway)
  const sendAtMost = async (throughput: number) =>
    await w.gateway.store.models.clients.updateMany({ tenantId }, { $set: { throughput } })
  // Slow enough that a pause comes before the end on a slow machine too.
  await sendAtMost(10)
  await using _sender = await w.send()
  const name = await variableOf(w.gateway)
  const recipients = people(400).map(([to, shown]) => ({ to, variables: { [name]: shown } }))
  const id = await w.campaign({ recipients })
  await w.until(id, it => it.audience.state === 'READY')
  await w.call('POST', `/${id}/start`, {})
  const paused = await w.until(id, it => it.status === 'PAUSED')
  expect(paused.statusReason).toContain('template')
  expect(w.meta.posts.length).toBeLessThan(300)

  await sendAtMost(80)
  w.meta.answer = accept
  expect((await w.call('POST', `/${id}/resume`, {})).status).toBe(202)
  const done = await w.until(id, it => it.status === 'DONE')
  expect((done.counts.failed ?? 0) + (done.counts.sent ?? 0)).toBe(400)
  expect(w.meta.posts).toHaveLength(400)
})

test('[F55] the list of a campaign is deleted when the campaign has ended', async () => {
  await using w = await openCampaigns()
  await using _sender = await w.send()
  const name = await variableOf(w.gateway)
  const id = await w.campaign()
  await w.call('PUT', `/${id}/audience`, csvOf([['to', name], ...people(2)]), 'text/csv')
  await w.until(id, it => it.audience.state === 'READY')
  const files = async () => (await listFiles(w.gateway.deps.storage, '')).filter(({ key }) => key.includes(id))
  expect(await files()).toHaveLength(1)
  await w.call('POST', `/${id}/start`, {})
  await w.until(id, it => it.status === 'DONE')
  await untilTrue(async () => (await files()).length === 0)
})

test('with the messaging limit used up, the rest of the audience stays where it is until there is room', async () => {
  await using w = await openCampaigns()
  const tenantId = await demo(w.gateway)
  const limitTo = async (messagingLimit: number | null, throughput: number) =>
    await w.gateway.store.models.clients.updateMany({ tenantId }, { $set: { messagingLimit, throughput } })
  await limitTo(3, 5)
  await using _sender = await w.send()
  const id = await w.campaign({
    columns: { to: 'Phone', name: 'Full name', variables: { [await variableOf(w.gateway)]: 'Full name' } },
  })
  const rows = [['phone', 'full name'], ...people(300)]
  expect((await w.call('PUT', `/${id}/audience`, csvOf(rows), 'text/csv')).status).toBe(202)
  await w.until(id, it => it.audience.state === 'READY')
  expect((await w.call('POST', `/${id}/start`, {})).status).toBe(202)
  const waiting = { campaignId: new Types.ObjectId(id), 'dispatch.reason': 'quota' }
  const { messages } = w.gateway.store.raw
  await untilTrue(async () => (await messages.countDocuments(waiting)) >= 5)
  const held = await w.until(id, ({ counts }) => counts.sent > 0)
  // Two seconds' worth, and what goes out between two counts.
  expect(held.counts.pending).toBeGreaterThan(150)

  await limitTo(null, 200)
  const ended = await w.until(id, ({ status }) => status === 'DONE')
  expect(ended.counts).toMatchObject({ recipients: 300, pending: 0, sent: 300 })
  expect(new Set(w.meta.posts.map(({ to }) => to)).size).toBe(300)
}, 240_000)
