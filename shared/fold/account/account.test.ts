import { Types } from 'mongoose'
import { expect, test } from 'vitest'
import { createMemoryWorld, PHONE_NUMBER_ID } from '#test/support/worlds/memory.ts'
import { type AccountItem, parseWebhook, type WebhookItem } from '../../meta/webhook.ts'
import type { ClientDoc, TemplateDoc } from '../../model/documents.ts'
import { foldBatch } from '../batch.ts'
import { keysOf } from '../batch-keys.ts'

const WABA = '310200450078901'
const T0 = 1_795_165_200
const ARRIVAL = new Date((T0 + 3600) * 1000)

function word(field: string, value: object, seconds = 0): WebhookItem {
  const body = { entry: [{ id: WABA, time: T0 + seconds, changes: [{ field, value }] }] }
  return parseWebhook(body, ARRIVAL)[0] as AccountItem
}

const OURS = {
  whatsappNumber: '212600111222',
  wabaId: WABA,
  status: 'active',
  statusReason: null,
  pauseReason: null,
  accessToken: 'sealed',
  verifiedName: null,
  messagingLimit: null,
  throughput: 80,
} satisfies Partial<ClientDoc>

/** The number after these words, one batch each, as the recorder writes them. */
function numberAfter(words: WebhookItem[], fields: Partial<ClientDoc> = {}) {
  const { context } = createMemoryWorld()
  let client = { ...context.clients.get(PHONE_NUMBER_ID), ...OURS, ...fields } as ClientDoc
  const statuses: unknown[] = []
  for (const item of words) {
    const reference = { ...context, clients: new Map(), accounts: new Map([[WABA, [client]]]) }
    const { plan } = foldBatch([item], EMPTY, reference)
    client = Object.assign({ ...client }, ...plan.clients.map(({ set }) => set))
    statuses.push(...plan.events.map(({ payload }) => payload.status))
  }
  return { client, statuses }
}

const EMPTY = { known: [], isThorough: false, contacts: [], conversations: [], messages: [], leads: [], templates: [] }
const ban = (waba_ban_state: unknown, seconds: number) =>
  word('account_update', { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state } }, seconds)

function orders<T>(list: T[]): T[][] {
  if (list.length < 2) return [list]
  return list.flatMap((first, i) => orders(list.toSpliced(i, 1)).map(rest => [first, ...rest]))
}

test.for([
  ['DISABLE', 'REINSTATE'],
  [['DISABLE'], ['REINSTATE']],
  [['SCHEDULE_FOR_DISABLE', 'DISABLE'], ['reinstate']],
])('the states %j of a ban are read with or without a list around them', ([down, up]) => {
  expect(numberAfter([ban(down, 0)]).client).toMatchObject({ status: 'paused', pauseReason: 'account' })
  expect(numberAfter([ban(down, 0), ban(up, 10)]).client).toMatchObject({ status: 'active', notices: [] })
})

test('a state of a ban that nobody knows is told, not swallowed', () => {
  for (const state of ['UNDER_APPEAL', ['UNDER_APPEAL'], undefined])
    expect(numberAfter([ban(state, 0)]).client).toMatchObject({
      status: 'active',
      notices: [{ type: 'ACCOUNT_BAN', severity: 'WARNING' }],
    })
})

test('all states of an account are read with or without a list around them', () => {
  const restriction = { restriction_type: ['RESTRICTED_CUSTOMER_INITIATED_MESSAGING'] }
  const words = (value: (one: string) => unknown): [string, object, Partial<ClientDoc>][] => [
    ['account_update', { event: value('ACCOUNT_DELETED') }, { status: 'disconnected' }],
    ['account_update', { event: value('ACCOUNT_RESTRICTION'), restriction_info: restriction }, { status: 'paused' }],
    ['account_review_update', { decision: value('REJECTED') }, { status: 'paused', accountReview: 'REJECTED' }],
    [
      'phone_number_name_update',
      { decision: value('APPROVED'), requested_verified_name: value('Atlas') },
      { verifiedName: 'Atlas' },
    ],
    ['phone_number_quality_update', { event: value('THROUGHPUT_UPGRADE') }, { throughput: 1000 }],
    ['business_capability_update', { max_daily_conversations_per_business: value('TIER_1K') }, { messagingLimit: 1000 }],
  ]
  for (const form of [(one: string) => one, (one: string) => [one]])
    for (const [field, value, expected] of words(form)) expect(numberAfter([word(field, value)]).client).toMatchObject(expected)
})

test('a ban pauses the number, a reinstatement resumes it, and the newest event counts in any order', () => {
  expect(numberAfter([ban('DISABLE', 0)])).toMatchObject({
    client: { status: 'paused', pauseReason: 'account' },
    statuses: ['paused'],
  })
  for (const order of orders([ban('DISABLE', 0), ban('REINSTATE', 10)]))
    expect(numberAfter(order).client).toMatchObject({ status: 'active', pauseReason: null, notices: [] })
  expect(numberAfter([ban('REINSTATE', 10), ban('DISABLE', 20)]).client.status).toBe('paused')
})

test('a number that was paused by hand stays paused', () => {
  const stopped = { status: 'paused', pauseReason: 'manual' } as const
  expect(numberAfter([ban('DISABLE', 0), ban('REINSTATE', 10)], stopped).client).toMatchObject(stopped)
})

test('a restriction of messages pauses the number until its end, any other restriction does not', () => {
  const restriction = (...types: string[]) =>
    word('account_update', {
      event: 'ACCOUNT_RESTRICTION',
      restriction_info: types.map((restriction_type, i) => ({ restriction_type, expiration: T0 + 86_400 * (i + 1) })),
    })
  const { client } = numberAfter([
    restriction('RESTRICTED_BIZ_INITIATED_MESSAGING', 'RESTRICTED_CUSTOMER_INITIATED_MESSAGING', 'RESTRICTED_CALLING'),
  ])
  expect(client).toMatchObject({ status: 'paused', pauseReason: 'account', restrictedUntil: new Date((T0 + 2 * 86_400) * 1000) })
  expect(client.statusReason).toContain('messages that open a conversation and answers to customers')
  const other = numberAfter([restriction('RESTRICTED_ADD_PHONE_NUMBER_ACTION')]).client
  expect(other).toMatchObject({ status: 'active', notices: [{ type: 'ACCOUNT_RESTRICTION', severity: 'CRITICAL' }] })
})

test('a number that may not write first can still reply', () => {
  const restriction = [{ restriction_type: 'RESTRICTED_BIZ_INITIATED_MESSAGING', expiration: T0 + 86_400 }]
  const words = [word('account_update', { event: 'ACCOUNT_RESTRICTION', restriction_info: restriction })]
  const repliesOnly = { until: new Date((T0 + 86_400) * 1000), reason: expect.stringContaining('open a conversation until') }
  expect(numberAfter(words)).toMatchObject({ client: { status: 'active', pauseReason: null, repliesOnly }, statuses: ['active'] })
  expect(numberAfter([...words, ban('REINSTATE', 10)]).client).toMatchObject({ repliesOnly: null, notices: [] })
  const stopped = { status: 'paused', pauseReason: 'manual' } as const
  expect(numberAfter(words, stopped).client).toMatchObject({ ...stopped, repliesOnly })
})

test('a rejected account is paused, and resumed when it is approved', () => {
  const review = (decision: string, seconds: number) => word('account_review_update', { decision }, seconds)
  expect(numberAfter([review('REJECTED', 0)]).client).toMatchObject({ status: 'paused', accountReview: 'REJECTED' })
  for (const order of orders([review('REJECTED', 0), review('APPROVED', 10)]))
    expect(numberAfter(order).client).toMatchObject({ status: 'active', accountReview: 'APPROVED' })
  expect(numberAfter([ban('DISABLE', 0), review('APPROVED', 10)]).client.status).toBe('paused')
})

test('a disconnected number is reconnected only after it was offboarded', () => {
  const update = (event: string, seconds: number) => word('account_update', { event }, seconds)
  const back = numberAfter([update('ACCOUNT_OFFBOARDED', 0), update('ACCOUNT_RECONNECTED', 10)])
  expect([back.client.status, back.statuses]).toEqual(['active', ['disconnected', 'active']])
  expect(numberAfter([update('PARTNER_REMOVED', 0), update('ACCOUNT_RECONNECTED', 10)]).client.status).toBe('disconnected')
})

test('limits and names are those of the newest event', () => {
  const limit = (tier: unknown, seconds: number) =>
    word('business_capability_update', { max_daily_conversations_per_business: tier }, seconds)
  for (const order of orders([limit('TIER_1K', 0), limit(2000, 10), limit('TIER_UNLIMITED', 5)]))
    expect(numberAfter(order).client.messagingLimit).toBe(2000)
  expect(numberAfter([limit(-1, 0)], { messagingLimit: 250 }).client.messagingLimit).toBeNull()
})

test('an error of the account that would stop every send pauses the number', () => {
  const errors = [{ code: 131_031, title: 'Account has been locked' }]
  expect(numberAfter([word('messages', { errors })]).client).toMatchObject({
    status: 'paused',
    pauseReason: 'account',
    notices: [{ type: 'ERROR_131031', severity: 'CRITICAL' }],
  })
})

test('a resolved alert is removed, and only the newest of a type is kept', () => {
  const alert = (alert_status: string, seconds: number) =>
    word(
      'account_alerts',
      { alert_info: { alert_type: 'PROFILE_PICTURE_LOST', alert_severity: 'WARNING', alert_status } },
      seconds,
    )
  expect(numberAfter([alert('ACTIVE', 0), alert('ACTIVE', 10)]).client.notices).toHaveLength(1)
  for (const order of orders([alert('ACTIVE', 0), alert('NONE', 10)])) expect(numberAfter(order).client.notices).toEqual([])
})

test('the newest event on each topic of a template counts, and each change is emitted', () => {
  const about = { message_template_name: 'offer', message_template_language: 'fr' }
  const words = [
    word('message_template_status_update', { ...about, event: 'PAUSED', reason: 'NONE' }, 0),
    word('message_template_status_update', { ...about, event: 'APPROVED', reason: 'NONE' }, 10),
    word('message_template_quality_update', { ...about, new_quality_score: 'RED' }, 5),
    word('template_category_update', { ...about, new_category: 'UTILITY', correct_category: 'MARKETING' }, 6),
  ]
  const { context } = createMemoryWorld()
  const [client] = context.clients.values()
  const start = { tenantId: client?.tenantId, wabaId: WABA, name: 'offer', language: 'fr', status: 'PENDING', components: [] }
  for (const order of orders(words)) {
    let template = { ...start, category: 'UTILITY', metaTemplateId: null, variables: [] } as unknown as TemplateDoc
    const reference = { ...context, clients: new Map(), accounts: new Map([[WABA, [client as ClientDoc]]]) }
    for (const item of order) {
      const { plan } = foldBatch([item], { ...EMPTY, templates: [template] }, reference)
      template = Object.assign({ ...template }, ...plan.templates.map(({ set }) => set))
      expect(plan.events.every(({ name }) => name === 'template:status')).toBe(true)
    }
    expect(template).toMatchObject({ status: 'APPROVED', reason: null, quality: 'RED', categoryChange: { to: 'MARKETING' } })
  }
})

test("the reason of a rejection is Meta's code with its sentence and its advice", () => {
  const about = { message_template_name: 'offer', message_template_language: 'fr', event: 'REJECTED' }
  const { context } = createMemoryWorld()
  const [client] = context.clients.values()
  const template = { tenantId: client?.tenantId, wabaId: WABA, name: 'offer', language: 'fr', status: 'PENDING', components: [] }
  const reference = { ...context, clients: new Map(), accounts: new Map([[WABA, [client as ClientDoc]]]) }
  const reasonAfter = (value: object) => {
    const item = word('message_template_status_update', { ...about, ...value })
    const known = [{ ...template, metaTemplateId: null, variables: [] } as unknown as TemplateDoc]
    return foldBatch([item], { ...EMPTY, templates: known }, reference).plan.templates[0]?.set.reason
  }
  const reason = 'PROMOTIONAL'
  expect(reasonAfter({ reason })).toBe('PROMOTIONAL')
  expect(reasonAfter({ reason, rejection_info: { reason: 'It advertises.', recommendation: 'Say less.' } })).toBe(
    'PROMOTIONAL: It advertises. Say less.',
  )
  expect(reasonAfter({ reason: 'NONE', rejection_info: { recommendation: 'Say less.' } })).toBe('Say less.')
  expect(reasonAfter({ reason: 'NONE' })).toBe('REJECTED')
})

test("an unknown template triggers a sync of its account's templates", () => {
  const about = { message_template_id: 77, message_template_name: 'new', message_template_language: 'en-US' }
  const next = new Date(0)
  const after = (value: object) =>
    numberAfter([word('message_template_status_update', { ...about, ...value })], { nextTemplateSyncAt: next }).client
  expect(after({ event: 'APPROVED', reason: 'NONE' }).nextTemplateSyncAt).toBeNull()
})

test('a template that people disabled stays disabled whatever status Meta reports', () => {
  const { context } = createMemoryWorld()
  const [client] = context.clients.values()
  const reference = { ...context, clients: new Map(), accounts: new Map([[WABA, [client as ClientDoc]]]) }
  const place = { tenantId: client?.tenantId, wabaId: WABA, name: 'offer', language: 'en_US' }
  const template = {
    ...place,
    status: 'DISABLED',
    disabledAt: ARRIVAL,
    metaTemplateId: null,
    components: [],
  } as unknown as TemplateDoc
  const value = { message_template_name: 'offer', message_template_language: 'en-US', event: 'APPROVED', reason: 'NONE' }
  const { plan } = foldBatch([word('message_template_status_update', value)], { ...EMPTY, templates: [template] }, reference)
  expect([plan.templates[0]?.set.status, plan.events]).toEqual([undefined, []])
})

test('each tenant of a shared business account gets events about its templates', () => {
  const { context } = createMemoryWorld()
  const [client] = context.clients.values()
  const other = { ...client, _id: new Types.ObjectId(), tenantId: new Types.ObjectId() }
  const clients = [client, other] as ClientDoc[]
  const reference = { ...context, clients: new Map(), accounts: new Map([[WABA, clients]]) }
  const offer = { wabaId: WABA, name: 'offer', language: 'fr', status: 'PENDING', metaTemplateId: '1', components: [] }
  const templates = clients.map(({ tenantId }) => ({ ...offer, _id: new Types.ObjectId(), tenantId })) as unknown as TemplateDoc[]
  const approved = word('message_template_status_update', { message_template_id: '1', event: 'APPROVED', reason: 'NONE' })
  expect(keysOf([approved], reference).tenantIds).toEqual(clients.map(({ tenantId }) => tenantId))
  const { plan, outcomes } = foldBatch([approved], { ...EMPTY, templates }, reference)
  expect(outcomes).toEqual(['processed'])
  expect(plan.templates.map(({ tenantId, set }) => [tenantId, set.status])).toEqual(
    clients.map(({ tenantId }) => [tenantId, 'APPROVED']),
  )
  expect(plan.events.map(({ tenantId }) => tenantId)).toEqual(clients.map(({ tenantId }) => tenantId))
  expect(new Set(plan.events.map(({ _id }) => _id)).size).toBe(2)
})

const coexisting = (field: string, value: object, time?: number) =>
  parseWebhook(
    {
      entry: [
        {
          id: WABA,
          ...(time && { time }),
          changes: [
            { field, value: { metadata: { phone_number_id: PHONE_NUMBER_ID, display_phone_number: '212600111222' }, ...value } },
          ],
        },
      ],
    },
    ARRIVAL,
  )

test('an imported conversation with a user id belongs to the contact with that id, or adds the id to the contact', () => {
  const world = createMemoryWorld()
  const [userId, waId] = ['MA.41982200731550066712', '212661000101']
  const said = { type: 'text', text: { body: 'hello' } }
  const past = (id: string, message: object) =>
    coexisting('history', {
      history: [{ threads: [{ id, messages: [{ ...said, timestamp: String(T0 - 90), ...message }] }] }],
    })
  world.record(past(userId, { id: 'wamid.h1', from: OURS.whatsappNumber, to: userId }))
  expect(world.rows.contacts).toMatchObject([{ waId: null, userId }])
  world.record(past(`+${waId}`, { id: 'wamid.h2', from: waId, from_user_id: userId }))
  world.record(past('+212 661-000101', { id: 'wamid.h3', from: OURS.whatsappNumber, to: waId, to_user_id: userId }))
  expect(world.rows.contacts).toMatchObject([{ waId, userId }])
  expect(world.rows.conversations).toMatchObject([{ messageCount: 3 }])
  expect(world.rows.messages.map(({ direction }) => direction)).toEqual(['OUTBOUND', 'INBOUND', 'OUTBOUND'])
})

test('history and its media, in any order and any number of times, become one closed conversation without unread messages', () => {
  const own = { from: '212600111222', to: '212661000101' }
  const chunk = (order: number, messages: object[]) =>
    coexisting('history', {
      history: [{ metadata: { phase: 0, chunk_order: order }, threads: [{ id: '212661000101', messages }] }],
    })
  const said = { from: '212661000101', id: 'wamid.h2', timestamp: String(T0 - 80), type: 'text', text: { body: 'Merci' } }
  const items = [
    chunk(1, [
      { ...own, id: 'wamid.h1', timestamp: String(T0 - 90), type: 'media_placeholder', history_context: { status: 'PLAYED' } },
    ]),
    chunk(2, [{ ...said, history_context: { status: 'READ' } }]),
    coexisting('history', {
      messages: [
        { ...own, id: 'wamid.h1', timestamp: String(T0 - 90), type: 'image', image: { id: 'meta-1', mime_type: 'image/png' } },
      ],
    }),
  ].flat()
  for (const order of orders(items)) {
    const world = createMemoryWorld()
    for (const item of [...order, ...order]) world.record([item])
    expect(world.rows.conversations).toMatchObject([{ messageCount: 2, unreadCount: 0, windowExpiresAt: null, status: 'closed' }])
    const [sent, withEventTimes] = world.rows.messages.toSorted((a, b) => a.at.getTime() - b.at.getTime())
    expect(sent).toMatchObject({
      status: 'READ',
      type: 'image',
      direction: 'OUTBOUND',
      origin: 'phone',
      content: { media: { metaId: 'meta-1' } },
    })
    expect(withEventTimes).toMatchObject({ direction: 'INBOUND', status: 'READ', content: { text: 'Merci' } })
    expect(new Set(world.rows.events.map(({ _id }) => _id)).size).toBe(world.rows.events.length)
  }
})

test("a name from the business's phone book overrides the profile's, but not one that an agent gave", () => {
  const sync = (action: string, full_name: string, seconds: number) =>
    coexisting('smb_app_state_sync', {
      state_sync: [
        { type: 'contact', action, contact: { full_name, phone_number: '+212661000101' }, metadata: { timestamp: T0 + seconds } },
      ],
    })
  const inbound = (id: string) =>
    coexisting('messages', {
      contacts: [{ wa_id: '212661000101', profile: { name: 'Profile' } }],
      messages: [{ from: '212661000101', id, timestamp: T0, type: 'text', text: { body: 'a' } }],
    })
  const world = createMemoryWorld()
  const nameIs = (name: string | null) => expect(world.rows.contacts).toMatchObject([{ name }])
  world.record(sync('add', 'Salma, RH', 0))
  world.record(inbound('wamid.1'))
  nameIs('Salma, RH')
  world.record(sync('add', 'Older', -10))
  nameIs('Salma, RH')
  world.record(sync('remove', '', 10))
  world.record(inbound('wamid.2'))
  nameIs('Profile')
  Object.assign(world.rows.contacts[0] as object, { name: 'Given', nameSource: 'agent' })
  world.record(sync('add', 'Newer', 20))
  nameIs('Given')
})

test('a stop word opts its writer out of marketing, unless a newer preference is known', () => {
  const says = (body: string, id: string, seconds: number) =>
    coexisting('messages', { messages: [{ from: '212661000101', id, timestamp: T0 + seconds, type: 'text', text: { body } }] })
  const resumes = (seconds: number) => {
    const word = { wa_id: '212661000101', category: 'marketing_messages', value: 'resume', timestamp: T0 + seconds }
    return coexisting('user_preferences', { user_preferences: [word] })
  }
  const after = (...items: WebhookItem[][]) => {
    const world = createMemoryWorld()
    for (const batch of items) world.record(batch)
    return world.rows.contacts[0]
  }
  expect(after(says('Stop !', 'wamid.1', 0))).toMatchObject({ optOut: true, optOutSource: 'stop-word' })
  expect(after(says('stop by', 'wamid.1', 0))).toMatchObject({ optOut: false })
  expect(after(resumes(10), says('STOP', 'wamid.1', 0))).toMatchObject({ optOut: false, optOutSource: 'whatsapp' })
  expect(after(resumes(0), says('STOP', 'wamid.1', 10))).toMatchObject({ optOut: true })
})

test.for(['business_username_update', 'business_username_updates'])('a username comes under the field %s', field => {
  const value = { display_phone_number: '212600111222', username: '@atlas.recrutement', status: 'approved' }
  expect(numberAfter([word(field, value)]).client.username).toBe('atlas.recrutement')
  expect(numberAfter([word(field, value), word(field, { ...value, status: 'deleted' }, 5)]).client.username).toBeNull()
})

test('a generated template of the wrong category is a notice, and is not looked for in the list', () => {
  const value = {
    message_template_id: 1_689_556_908_129_901,
    message_template_name: 'auto_generated_1',
    message_template_language: 'fr',
    category: 'UTILITY',
    correct_category: 'MARKETING',
  }
  const nextTemplateSyncAt = new Date((T0 + 9000) * 1000)
  const { client } = numberAfter([word('template_correct_category_detection', value)], { nextTemplateSyncAt })
  expect(client.notices).toMatchObject([
    { type: 'TEMPLATE_CATEGORY', severity: 'WARNING', text: expect.stringContaining('as MARKETING') },
  ])
  expect(client.nextTemplateSyncAt).toEqual(nextTemplateSyncAt)
})

test('an archived template cannot be sent; a restored one can, and is read from Meta again', () => {
  const { context } = createMemoryWorld()
  const [client] = context.clients.values()
  const reference = {
    ...context,
    clients: new Map(),
    accounts: new Map([[WABA, [{ ...client, ...OURS, nextTemplateSyncAt: ARRIVAL } as ClientDoc]]]),
  }
  const about = { message_template_name: 'offer', message_template_language: 'fr' }
  const place = { tenantId: client?.tenantId, wabaId: WABA, name: 'offer', language: 'fr', components: [], variables: [] }
  let template = { ...place, status: 'APPROVED', reason: null, metaTemplateId: null } as unknown as TemplateDoc
  const after = (event: string, seconds: number) => {
    const item = word('message_template_status_update', { ...about, event, reason: 'NONE' }, seconds)
    const { plan } = foldBatch([item], { ...EMPTY, templates: [template] }, reference)
    template = Object.assign({ ...template }, ...plan.templates.map(({ set }) => set))
    return [template.status, template.reason, plan.clients.map(({ set }) => set.nextTemplateSyncAt)]
  }
  expect(after('ARCHIVED', 0)).toEqual(['DISABLED', 'ARCHIVED', []])
  expect(after('UNARCHIVED', 10)).toEqual(['APPROVED', null, [null]])
})
