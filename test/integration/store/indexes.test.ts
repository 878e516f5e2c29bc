import { type mongo, Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ContactDoc, ConversationDoc, TenantDoc } from '#shared/model/documents.ts'
import { connectStore, type SentCommand, type Store } from '#shared/store/connect.ts'
import { contactStages, conversationStages } from '#shared/store/inbox/destinations.ts'
import { followingRows, passedRows, RETAINING } from '#shared/store/inbox/retention.ts'
import { STILL_SCHEDULED } from '#shared/store/inbox/scheduled.ts'
import { migrate } from '#shared/store/migrate.ts'
import type { CollectionName } from '#shared/store/models.ts'
import { FORMER_INDEXES } from '#shared/store/schemas/former-indexes.ts'
import { createWorld } from '#test/support/world.ts'

const TENANTS = Array.from({ length: 4 }, () => new Types.ObjectId())
const [A] = TENANTS as [Types.ObjectId]
const CLIENTS = Array.from({ length: 4 }, () => new Types.ObjectId())
const [client] = CLIENTS as [Types.ObjectId]
const agent = new Types.ObjectId()
const campaign = new Types.ObjectId()
const conversation = new Types.ObjectId()
const lead = new Types.ObjectId()
const HOUR_MS = 3_600_000
const hoursAgo = (hours: number) => new Date(Date.now() - hours * HOUR_MS)

const stack = new AsyncDisposableStack()
let store: Store

/** A few thousand rows of four tenants, so that a plan that reads too much shows. */
beforeAll(async () => {
  const { mongodbUri } = stack.use(await createWorld())
  store = stack.use(await connectStore(mongodbUri))
  await migrate(store)
  const rows = Array.from({ length: 3000 }, (_, i) => i)
  const of = (i: number) => TENANTS[i % 4] as Types.ObjectId
  await Promise.all([
    fill('conversations', rows, i => ({
      tenantId: of(i),
      clientId: CLIENTS[(i >> 2) % 4],
      contactId: new Types.ObjectId(),
      contact: { phone: `2126${i}`, name: `Contact ${i}`, keys: [i % 40 ? 'contact' : 'يوسف', `#2126${i}`] },
      candidateId: i % 10 ? null : `cand-${i}`,
      leadId: i % 100 ? null : lead,
      status: i % 3 ? 'open' : 'closed',
      assignedTo: i % 20 ? null : { id: agent, name: 'Ana' },
      labels: i % 40 ? [] : ['vip'],
      ...(i % 40 === 8 && { lastReferral: { sourceId: `ad-${i % 80}` } }),
      unreadCount: i % 100 ? 0 : 2,
      lastActivityAt: hoursAgo(i),
    })),
    fill('messages', rows, i => ({
      tenantId: of(i),
      conversationId: i % 40 ? new Types.ObjectId() : conversation,
      phoneNumberId: `p${(i >> 1) % 3}`,
      wamid: i % 2 ? `wamid.${i}` : null,
      idempotencyKey: i % 5 ? null : `key-${i}`,
      previousIds: i % 200 ? [] : [`wamid.old.${i}`],
      status: i % 100 ? 'SENT' : 'FAILED',
      campaignId: i % 60 ? null : campaign,
      content: { text: i % 100 ? `message number ${i}` : `invoice ${i}` },
      at: hoursAgo(i),
      ...(i % 60 === 4 && { isLate: true }),
      dispatch: i % 30 ? null : { state: 'WAITING', nextStepAt: hoursAgo(i), token: `token-${i % 90}` },
      ...(i % 70 === 0 && {
        status: 'QUEUED',
        sendAt: hoursAgo(-i),
        dispatch: { state: 'WAITING', reason: 'scheduled', nextStepAt: hoursAgo(-i) },
      }),
    })),
    fill('contacts', rows, i => ({
      tenantId: of(i),
      waId: `2126${i}`,
      userId: i % 2 ? `MA.${i}` : null,
      phone: `2126${i}`,
      name: `C ${i}`,
      keys: [i % 40 ? 'c' : 'salma', `#2126${i}`],
      createdAt: hoursAgo(i),
    })),
    fill('clients', rows, i => ({
      tenantId: of(i),
      phoneNumberId: `p${i}`,
      wabaId: `w${i}`,
      userId: `u${i}`,
      status: 'active',
      deletedAt: null,
    })),
    fill('events', rows, i => ({ _id: `e${i}`, tenantId: of(i), createdAt: hoursAgo(i / 1000), ...(i % 50 ? { seq: i } : {}) })),
    fill('webhookEvents', rows, i => ({
      _id: `m:${i}`,
      tenantId: of(i),
      phoneNumberId: `p${i % 50}`,
      status: i % 100 ? 'PROCESSED' : 'FAILED',
      receivedAt: hoursAgo(i / 100),
    })),
    fill('parkedItems', rows, i => ({
      _id: `s:${i}`,
      wamid: `wamid.${i}`,
      messageId: i % 2 ? `id${i}` : null,
      createdAt: new Date(),
    })),
    fill('discardedFiles', rows, i => ({ tenantId: of(i), createdAt: hoursAgo(i) })),
    fill('deadLetters', rows, i => ({
      tenantId: of(i),
      state: i % 50 ? 'REPLAYED' : 'NEW',
      createdAt: hoursAgo(i),
      messageId: `m${i}`,
      queue: 'q',
    })),
    fill('templates', rows, i => ({
      tenantId: of(i),
      wabaId: 'w',
      name: `t${i}`,
      language: 'fr',
      status: i % 3 ? 'DISABLED' : 'APPROVED',
      category: 'UTILITY',
      createdAt: hoursAgo(i),
    })),
    fill('templateSyncs', rows, i => ({
      _id: `sync:${i}`,
      tenantId: of(i),
      isOpen: i < 3,
      dueAt: hoursAgo(i),
      createdAt: hoursAgo(i),
    })),
    fill('campaigns', rows, i => ({
      tenantId: of(i),
      createdAt: hoursAgo(i),
      status: i % 50 ? 'DONE' : 'RUNNING',
      endedAt: i % 50 ? hoursAgo(i) : null,
    })),
    fill('campaignRecipients', rows, i => ({
      _id: `${campaign}:1:${String(i).padStart(9, '0')}`,
      tenantId: A,
      campaignId: campaign,
      row: i,
      key: `2126${i}`,
      waId: `2126${i}`,
      state: i % 50 ? 'PENDING' : 'SKIPPED',
    })),
    fill('leads', rows, i => ({ tenantId: of(i), phone: `2126${i}`, createdAt: hoursAgo(i) })),
    fill('refreshTokens', rows, i => ({
      tenantId: of(i),
      userId: agent,
      tokenHash: `h${i}`,
      familyId: `f${i}`,
      expiresAt: hoursAgo(-i - 1),
    })),
    fill('auditLog', rows, i => ({ tenantId: of(i), at: hoursAgo(i), object: { kind: 'client', id: `${i % 500}` } })),
    fill('idempotencyKeys', rows, i => ({ tenantId: of(i), key: `k${i}`, createdAt: new Date() })),
  ])
})

afterAll(() => stack.disposeAsync())

async function fill(name: CollectionName, rows: number[], make: (i: number) => object): Promise<void> {
  await (store.raw[name] as unknown as mongo.Collection).insertMany(rows.map(make))
}

const newest = { lastActivityAt: -1, _id: -1 } as const
const latest = { at: -1, _id: -1 } as const
const page = { limit: 25 }
const isDue = { $lte: new Date() }

interface Question {
  what: string
  on: CollectionName
  filter: object
  options?: mongo.FindOptions
  /** The index that answers it. */
  by: string
}

const QUESTIONS: Question[] = [
  { what: 'the number of a webhook', on: 'clients', filter: { phoneNumberId: 'p7', deletedAt: null }, by: 'phone_number' },
  {
    what: 'the numbers of a batch',
    on: 'clients',
    filter: { phoneNumberId: { $in: ['p7', 'p8'] }, deletedAt: null },
    by: 'phone_number',
  },
  { what: 'the numbers of an external user', on: 'clients', filter: { tenantId: A, userId: 'u4' }, by: 'tenant_user' },
  { what: 'a contact by phone id', on: 'contacts', filter: { tenantId: A, waId: '21264' }, by: 'tenant_wa' },
  { what: 'contacts of a batch', on: 'contacts', filter: { tenantId: A, waId: { $in: ['21264', '21268'] } }, by: 'tenant_wa' },
  { what: 'a contact by user id', on: 'contacts', filter: { tenantId: TENANTS[1], userId: 'MA.1' }, by: 'tenant_user' },
  {
    what: 'contacts by age',
    on: 'contacts',
    filter: { tenantId: A },
    options: { sort: { createdAt: -1, _id: -1 }, ...page },
    by: 'tenant_created',
  },
  {
    what: 'a conversation of a webhook',
    on: 'conversations',
    filter: { tenantId: A, clientId: client, contactId: agent },
    by: 'tenant_client_contact',
  },
  { what: 'the inbox', on: 'conversations', filter: { tenantId: A }, options: { sort: newest, ...page }, by: 'tenant_activity' },
  {
    what: 'the inbox of a number',
    on: 'conversations',
    filter: { tenantId: A, clientId: client },
    options: { sort: newest, ...page },
    by: 'tenant_client_activity',
  },
  {
    what: 'my conversations',
    on: 'conversations',
    filter: { tenantId: A, 'assignedTo.id': agent },
    options: { sort: newest, ...page },
    by: 'tenant_assignee_activity',
  },
  {
    what: 'unread ones',
    on: 'conversations',
    filter: { tenantId: A, unreadCount: { $gt: 0 } },
    options: { sort: newest, ...page },
    by: 'tenant_unread_activity',
  },
  {
    what: 'those with a label',
    on: 'conversations',
    filter: { tenantId: A, labels: 'vip' },
    options: { sort: newest, ...page },
    by: 'tenant_label_activity',
  },
  {
    what: 'open ones',
    on: 'conversations',
    filter: { tenantId: A, status: 'open' },
    options: { sort: newest, ...page },
    by: 'tenant_status_activity',
  },
  {
    what: 'those of an ad',
    on: 'conversations',
    filter: { tenantId: A, 'lastReferral.sourceId': 'ad-8' },
    options: { sort: newest, ...page },
    by: 'tenant_ad_activity',
  },
  {
    what: 'the conversation of a candidate',
    on: 'conversations',
    filter: { tenantId: A, candidateId: 'cand-20' },
    by: 'tenant_candidate',
  },
  {
    what: 'conversations of a lead',
    on: 'conversations',
    filter: { tenantId: A, leadId: lead, deletedAt: null },
    by: 'tenant_lead',
  },
  {
    what: 'conversations by the beginning of a word',
    on: 'conversations',
    filter: { tenantId: A, 'contact.keys': /^يوس/ },
    by: 'tenant_keys',
  },
  {
    what: 'conversations by a part of a number',
    on: 'conversations',
    filter: { tenantId: A, 'contact.keys': /^#21264/ },
    by: 'tenant_keys',
  },
  { what: 'contacts by the beginning of a word', on: 'contacts', filter: { tenantId: A, keys: /^salma/ }, by: 'tenant_keys' },
  { what: 'a message by wamid', on: 'messages', filter: { tenantId: TENANTS[1], wamid: 'wamid.1' }, by: 'tenant_wamid' },
  {
    what: 'messages of a batch of statuses',
    on: 'messages',
    filter: { tenantId: TENANTS[1], wamid: { $in: ['wamid.1', 'wamid.5'] } },
    by: 'tenant_wamid',
  },
  {
    what: 'a message by its idempotency key',
    on: 'messages',
    filter: { tenantId: A, idempotencyKey: 'key-20' },
    by: 'tenant_idempotency',
  },
  {
    what: 'a message by an earlier wamid',
    on: 'messages',
    filter: { tenantId: A, previousIds: 'wamid.old.200' },
    by: 'tenant_previous',
  },
  {
    what: 'a conversation',
    on: 'messages',
    filter: { tenantId: A, conversationId: conversation },
    options: { sort: latest, ...page },
    by: 'tenant_thread',
  },
  {
    what: 'a conversation from its start',
    on: 'messages',
    filter: { tenantId: A, conversationId: conversation, at: { $gt: hoursAgo(900) } },
    options: { sort: { at: 1, _id: 1 }, ...page },
    by: 'tenant_thread',
  },
  {
    what: 'failed messages',
    on: 'messages',
    filter: { tenantId: A, status: 'FAILED' },
    options: { sort: latest, ...page },
    by: 'tenant_failed',
  },
  {
    what: 'messages of a time',
    on: 'messages',
    filter: { tenantId: A, at: { $gt: hoursAgo(40) } },
    options: { sort: latest, ...page },
    by: 'tenant_at',
  },
  {
    what: 'failed messages of a time',
    on: 'messages',
    filter: { tenantId: A, status: 'FAILED', at: { $gte: hoursAgo(900), $lt: hoursAgo(10) } },
    options: { sort: latest, hint: 'tenant_failed', ...page },
    by: 'tenant_failed',
  },
  {
    what: 'messages from one time to another',
    on: 'messages',
    filter: { tenantId: A, at: { $gte: hoursAgo(900), $lt: hoursAgo(10) } },
    options: { sort: latest, hint: 'tenant_at', ...page },
    by: 'tenant_at',
  },
  {
    what: 'what retention comes to first',
    on: 'messages',
    filter: followingRows(A, { after: null, before: hoursAgo(1000) }),
    options: { sort: { at: 1, _id: 1 }, hint: 'tenant_at', ...page },
    by: 'tenant_at',
  },
  {
    what: 'what retention comes to next',
    on: 'messages',
    filter: followingRows(A, { after: { at: hoursAgo(2000), id: lead }, before: hoursAgo(1000) }),
    options: { sort: { at: 1, _id: 1 }, hint: 'tenant_at', ...page },
    by: 'tenant_at',
  },
  {
    what: 'what retention may have passed',
    on: 'messages',
    filter: passedRows(A, hoursAgo(1000)),
    options: { hint: 'tenant_late', ...page },
    by: 'tenant_late',
  },
  {
    what: 'messages for later',
    on: 'messages',
    filter: { tenantId: A, ...STILL_SCHEDULED },
    options: { sort: { sendAt: 1, _id: 1 }, ...page },
    by: 'tenant_scheduled',
  },
  {
    what: 'recipients of a campaign',
    on: 'messages',
    filter: { tenantId: A, campaignId: campaign, status: 'SENT' },
    by: 'tenant_campaign',
  },
  {
    what: 'campaigns by age',
    on: 'campaigns',
    filter: { tenantId: A },
    options: { sort: { createdAt: -1, _id: -1 }, ...page },
    by: 'tenant_created',
  },
  { what: 'campaigns that run', on: 'campaigns', filter: { status: { $in: ['RUNNING'] }, endedAt: null }, by: 'status_ended' },
  {
    what: 'the next recipients of a campaign',
    on: 'campaignRecipients',
    filter: { _id: { $gt: `${campaign}:1:000000100`, $lt: `${campaign}:1:~` } },
    options: { sort: { _id: 1 }, hint: { _id: 1 }, ...page },
    by: '_id_',
  },
  {
    what: 'whether a person is among the recipients',
    on: 'campaignRecipients',
    filter: { campaignId: campaign, key: { $in: ['212610', '212611'] } },
    by: 'campaign_key',
  },
  {
    what: 'the recipients that were left out',
    on: 'campaignRecipients',
    filter: { tenantId: A, campaignId: campaign, state: 'SKIPPED' },
    options: { sort: { _id: 1 }, ...page },
    by: 'campaign_skipped',
  },
  {
    what: 'rows of a number that are due',
    on: 'messages',
    filter: { 'dispatch.state': 'WAITING', phoneNumberId: 'p1', 'dispatch.nextStepAt': isDue },
    options: { sort: { 'dispatch.nextStepAt': 1 }, ...page },
    by: 'dispatch_due',
  },
  { what: 'rows of a take', on: 'messages', filter: { 'dispatch.token': 'token-30' }, by: 'dispatch_token' },
  {
    what: 'unfinished rows of a conversation',
    on: 'messages',
    filter: { conversationId: conversation, 'dispatch.state': { $exists: true } },
    options: { sort: { _id: 1 } },
    by: 'dispatch_predecessor',
  },
  {
    what: 'the outbox',
    on: 'events',
    filter: { seq: null, createdAt: { $lt: hoursAgo(0.1) } },
    options: { sort: { createdAt: 1 }, ...page },
    by: 'outbox',
  },
  {
    what: 'events after a seq',
    on: 'events',
    filter: { tenantId: A, seq: { $gt: 100 } },
    options: { sort: { seq: 1 }, limit: 500 },
    by: 'tenant_seq',
  },
  {
    what: 'the oldest event that is kept',
    on: 'events',
    filter: { tenantId: A, seq: { $gte: 0 } },
    options: { sort: { seq: 1 }, limit: 1 },
    by: 'tenant_seq',
  },
  {
    what: 'webhook events',
    on: 'webhookEvents',
    filter: { tenantId: A },
    options: { sort: { receivedAt: -1, _id: -1 }, ...page },
    by: 'tenant_received',
  },
  {
    what: 'failed webhook events',
    on: 'webhookEvents',
    filter: { tenantId: A, status: 'FAILED' },
    options: { sort: { receivedAt: -1, _id: -1 }, ...page },
    by: 'tenant_status_received',
  },
  {
    what: 'webhook events of a number',
    on: 'webhookEvents',
    filter: { phoneNumberId: 'p7' },
    options: { sort: { receivedAt: -1 }, ...page },
    by: 'phone_number_received',
  },
  { what: 'parked statuses by wamid', on: 'parkedItems', filter: { wamid: { $in: ['wamid.1', 'wamid.2'] } }, by: 'wamid' },
  { what: 'parked statuses by our id', on: 'parkedItems', filter: { messageId: 'id1' }, by: 'message' },
  {
    what: 'files that wait to be deleted',
    on: 'discardedFiles',
    filter: { createdAt: { $lt: hoursAgo(500) } },
    options: { sort: { createdAt: 1 }, limit: 50 },
    by: 'created',
  },
  {
    what: 'new dead letters',
    on: 'deadLetters',
    filter: { tenantId: A, state: 'NEW' },
    options: { sort: { createdAt: -1, _id: -1 }, ...page },
    by: 'tenant_state_created',
  },
  {
    what: 'new dead letters of all',
    on: 'deadLetters',
    filter: { state: 'NEW' },
    options: { sort: { createdAt: -1, _id: -1 }, ...page },
    by: 'state_created',
  },
  {
    what: 'dead letters of a message',
    on: 'deadLetters',
    filter: { messageId: 'm7' },
    options: { sort: { createdAt: -1 } },
    by: 'message',
  },
  {
    what: 'a template by name',
    on: 'templates',
    filter: { tenantId: A, name: 't4', language: 'fr' },
    by: 'tenant_name_language',
  },
  {
    what: 'approved templates',
    on: 'templates',
    filter: { tenantId: A, status: 'APPROVED', category: 'UTILITY' },
    options: { sort: { name: 1 }, ...page },
    by: 'tenant_status_category',
  },
  {
    what: 'templates, newest first',
    on: 'templates',
    filter: { tenantId: A, deletedAt: null },
    options: { sort: { createdAt: -1, _id: -1 }, ...page },
    by: 'tenant_created',
  },
  {
    what: 'syncs of templates that are due',
    on: 'templateSyncs',
    filter: { isOpen: true, dueAt: { $lte: new Date() } },
    options: { sort: { dueAt: 1 }, limit: 1 },
    by: 'due',
  },
  { what: 'a lead by phone', on: 'leads', filter: { tenantId: A, phone: '21264' }, by: 'tenant_phone' },
  { what: 'a refresh token', on: 'refreshTokens', filter: { tokenHash: 'h4' }, by: 'token' },
  { what: 'a family of refresh tokens', on: 'refreshTokens', filter: { familyId: 'f4' }, by: 'family' },
  { what: 'the audit log', on: 'auditLog', filter: { tenantId: A }, options: { sort: latest, ...page }, by: 'tenant_at' },
  {
    what: 'the history of an object',
    on: 'auditLog',
    filter: { tenantId: A, 'object.kind': 'client', 'object.id': '4' },
    options: { sort: { at: -1 } },
    by: 'tenant_object',
  },
  { what: 'an idempotency key', on: 'idempotencyKeys', filter: { tenantId: A, key: 'k4' }, by: 'tenant_key' },
]

interface Stage {
  stage?: string
  indexName?: string
  inputStage?: Stage
  inputStages?: Stage[]
}

function stagesOf(stage: Stage | undefined): Stage[] {
  if (!stage) return []
  return [stage, ...stagesOf(stage.inputStage), ...(stage.inputStages ?? []).flatMap(stagesOf)]
}

describe('the index that answers', () => {
  test.for(QUESTIONS.map(question => [question.what, question] as const))('%s', async ([, { on, filter, options, by }]) => {
    const collection = store.raw[on] as unknown as mongo.Collection
    const explained = (await collection.find(filter, options).explain('executionStats')) as {
      queryPlanner: { winningPlan: Stage }
      executionStats: { nReturned: number; totalDocsExamined: number }
    }
    const stages = stagesOf(explained.queryPlanner.winningPlan)
    const { nReturned, totalDocsExamined } = explained.executionStats
    expect(stages.filter(({ stage }) => stage === 'COLLSCAN' || stage === 'SORT')).toEqual([])
    expect(stages.flatMap(({ indexName }) => indexName ?? [])).toEqual([by])
    expect(totalDocsExamined).toBe(nReturned)
  })
})

test('accounts with a retention are found among those without', async () => {
  const rows = Array.from({ length: 200 }, (_, i) => i)
  await fill('tenants', rows, i => ({
    name: `T ${i}`,
    settings: { keepMessagesDays: i % 50 ? null : 90 },
    retention: i === 7 ? { emptied: 3 } : null,
  }))
  const explained = await store.raw.tenants.find(RETAINING).explain('executionStats')
  expect(stagesOf(explained.queryPlanner.winningPlan).filter(({ stage }) => stage === 'COLLSCAN')).toEqual([])
  expect([explained.executionStats.nReturned, explained.executionStats.totalDocsExamined]).toEqual([5, 5])
})

test('what waits of a number is counted by the index alone', async () => {
  const filter = { 'dispatch.state': 'WAITING' as const, phoneNumberId: 'p1', tenantId: A }
  const group = { _id: { priority: '$dispatch.priority', reason: '$dispatch.reason' }, oldestAt: { $min: '$createdAt' } }
  const stages = [{ $match: filter }, { $limit: 100 }, { $group: { ...group, count: { $sum: 1 } } }]
  const explained = await store.raw.messages.aggregate(stages, { hint: 'dispatch_due' }).explain('executionStats')
  const plan = JSON.stringify(explained)
  expect(plan).toContain('"indexName":"dispatch_due"')
  expect(new Set(plan.match(/"totalDocsExamined":\d+/g))).toEqual(new Set(['"totalDocsExamined":0']))
})

describe('the command that finds the destination of a message', () => {
  const tenantId = A
  const byConversation = () => {
    const stages = conversationStages([{ tenantId, conversationId: conversation }])
    return store.raw.conversations.aggregate(stages, { hint: '_id_' })
  }
  const byPhone = () => {
    const stages = contactStages('waId', [{ tenantId, clientId: client, waId: '21264', userId: null }])
    return store.raw.contacts.aggregate(stages, { hint: 'tenant_wa' })
  }

  beforeAll(async () => {
    const contact = (await store.raw.contacts.findOne({ tenantId: A, waId: '21264' })) as ContactDoc
    const row = { _id: conversation, tenantId: A, clientId: client, contactId: contact._id }
    await store.raw.conversations.insertOne(row as ConversationDoc)
  })

  test.for([
    ['its conversation', byConversation, ['dispatch_predecessor', '_id_']],
    ['a phone number', byPhone, ['tenant_client_contact', 'dispatch_predecessor']],
  ] as const)('by %s: examines what it answers', async ([, command, indexes]) => {
    const { stages } = (await command().explain('executionStats')) as { stages: Joined[] }
    const joins = stages.slice(1)
    expect(new Set(joins.flatMap(({ indexesUsed }) => indexesUsed))).toEqual(new Set(indexes))
    expect(joins.reduce((sum, { totalDocsExamined }) => sum + Number(totalDocsExamined), 0)).toBe(2)
    expect(joins.map(({ collectionScans }) => Number(collectionScans)).filter(count => count > 0)).toEqual([])
  })
})

interface Joined {
  indexesUsed: string[]
  totalDocsExamined: number
  collectionScans: number
}

test('a word is searched within one tenant by index', async () => {
  const filter = { tenantId: A, $text: { $search: 'invoice' } }
  const explained = await store.raw.messages.find(filter).explain('executionStats')
  const { nReturned, totalDocsExamined } = explained.executionStats
  expect([nReturned, totalDocsExamined]).toEqual([30, 30])
})

test('what identifies a thing is unique', async () => {
  const { tenantId, clientId, contactId } = (await store.raw.conversations.findOne({ tenantId: A })) as ConversationDoc
  const duplicates: [CollectionName, object][] = [
    ['messages', { tenantId: TENANTS[1], wamid: 'wamid.1' }],
    ['messages', { tenantId: A, idempotencyKey: 'key-20' }],
    ['contacts', { tenantId: A, waId: '21264' }],
    ['contacts', { tenantId: TENANTS[1], userId: 'MA.1' }],
    ['clients', { phoneNumberId: 'p7' }],
    ['conversations', { tenantId, clientId, contactId }],
    ['leads', { tenantId: A, phone: '21264' }],
    ['templates', { tenantId: A, wabaId: 'w', name: 't4', language: 'fr' }],
    ['events', { _id: 'x', tenantId: TENANTS[1], seq: 1 }],
    ['idempotencyKeys', { tenantId: A, key: 'k4' }],
    ['refreshTokens', { tokenHash: 'h4' }],
  ]
  for (const [name, row] of duplicates) {
    const collection = store.raw[name] as unknown as mongo.Collection
    await expect(collection.insertOne(row), name).rejects.toMatchObject({ code: 11_000 })
  }
})

test('what may be missing may be missing many times', async () => {
  for (const name of ['messages', 'contacts', 'leads'] as const) {
    const collection = store.raw[name] as unknown as mongo.Collection
    await collection.insertMany([{ tenantId: A, wamid: null }, { tenantId: A }])
  }
})

test.for([{ wamid: 'wamid.1' }, { previousIds: 'wamid.old.200' }])('a message is found by %j alone', async way => {
  const of = await store.raw.messages.findOne(way)
  const explained = await store.raw.messages.find({ tenantId: of?.tenantId as Types.ObjectId, ...way }).explain('executionStats')
  const { nReturned, totalDocsExamined } = explained.executionStats
  expect([nReturned, totalDocsExamined]).toEqual([1, 1])
})

test.for([{ status: 'SENT' as const }, { clientId: client }])(
  'messages with %j are read along the time, unsorted',
  async more => {
    const filter = { tenantId: A, ...more, at: { $gte: hoursAgo(400) } }
    const explained = await store.raw.messages.find(filter).sort(latest).hint('tenant_at').limit(25).explain('executionStats')
    const stages = stagesOf(explained.queryPlanner.winningPlan)
    expect(stages.filter(({ stage }) => stage === 'COLLSCAN' || stage === 'SORT')).toEqual([])
    // One row in four is of this tenant.
    expect(explained.executionStats.totalDocsExamined).toBeLessThanOrEqual(101)
  },
)

describe('indexes of earlier versions', () => {
  test('are dropped once the new ones are built and filled, whoever migrates', async () => {
    await using world = await createWorld({ isFresh: true })
    const commands: SentCommand[] = []
    await using old = await connectStore(world.mongodbUri, { onCommand: command => commands.push(command) })
    for (const { on, index } of FORMER_INDEXES) {
      const { key, ...options } = index
      await collectionOf(old, on).createIndex(key as mongo.IndexSpecification, options)
    }
    const { insertedId } = await collectionOf(old, 'contacts').insertOne({ tenantId: A, name: 'Salma', phone: '2126' })
    await old.raw.tenants.insertOne({ _id: A } as TenantDoc)
    await migrate(old)

    const names = await namesOf(old, 'contacts')
    expect(names).toEqual(expect.arrayContaining(['tenant_keys', 'tenant_wa']))
    for (const { on, index } of FORMER_INDEXES) expect(await namesOf(old, on), on).not.toContain(index.name)
    expect(await old.raw.contacts.findOne({ _id: insertedId })).toMatchObject({ keys: expect.arrayContaining(['salma']) })

    const at = (name: string) => commands.flatMap((command, i) => (command.name === name ? [i] : []))
    const [firstDrop] = at('dropIndexes') as [number]
    expect(at('dropIndexes')).toHaveLength(FORMER_INDEXES.length)
    // The first that were made are the old ones.
    expect(
      at('createIndexes')
        .slice(FORMER_INDEXES.length)
        .every(i => i < firstDrop),
    ).toBe(true)
    const filled = commands.findIndex(({ name, collection }) => name === 'update' && collection === 'contacts')
    expect(filled).toBeGreaterThan(0)
    expect(filled).toBeLessThan(firstDrop)

    commands.length = 0
    await migrate(old)
    expect(at('dropIndexes')).toEqual([])
  })

  test("are told from an operator's own by key, filter and uniqueness", async () => {
    await using world = await createWorld({ isFresh: true })
    await using old = await connectStore(world.mongodbUri)
    const contacts = collectionOf(old, 'contacts')
    await contacts.createIndex({ tenantId: 1, name: 1, city: 1 }, { name: 'tenant_name' })
    await contacts.createIndex({ tenantId: 1, username: 1 }, { name: 'tenant_username' })
    await contacts.createIndex({ tenantId: 1, phone: 1 }, { name: 'operators_own' })
    await migrate(old)
    expect(await namesOf(old, 'contacts')).toEqual(expect.arrayContaining(['tenant_name', 'tenant_username', 'operators_own']))
  })

  test('are declared by no schema', async () => {
    const own = FORMER_INDEXES.filter(({ on, index }) =>
      store.models[on].schema
        .indexes()
        .some(([key, { name }]) => name === index.name || JSON.stringify(key) === JSON.stringify(index.key)),
    )
    expect(own).toEqual([])
  })
})

const collectionOf = ({ raw }: Store, name: CollectionName) => raw[name] as unknown as mongo.Collection
const namesOf = async (of: Store, name: CollectionName) => (await collectionOf(of, name).indexes()).map(index => index.name)
