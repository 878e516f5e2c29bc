import type { ClientSession, Model, QueryFilter, UpdateQuery } from 'mongoose'
import { openAccessToken, sealAccessToken } from '#shared/auth/client-tokens.ts'
import { createKeyring, type Keyring } from '#shared/auth/encryption.ts'
import { hashPassword } from '#shared/auth/passwords.ts'
import { searchKeys } from '#shared/domain/contacts/search-keys.ts'
import type { ClientDoc, ContactDoc, Id } from '#shared/model/documents.ts'
import { readEnvironment } from '#shared/process/config.ts'
import type { Store } from '#shared/store/connect.ts'
import { ensureDefaultPipeline } from '#shared/store/contacts/pipelines.ts'
import { connectMigrated } from '#shared/store/migrate.ts'
import { acrossTenants, asTenant } from '#shared/store/tenancy/tenancy.ts'
import { demoConversation, demoId, demoLeadId, demoTemplate, type Parties } from './documents.ts'
import { DEMO_HISTORY, type DemoConversation } from './history.ts'
import { DEMO_CONTACTS, DEMO_TEMPLATES, DEMO_TENANTS, DEMO_USERS } from './world.ts'

type TenantKey = keyof typeof DEMO_TENANTS
const TENANT_KEYS = Object.keys(DEMO_TENANTS) as TenantKey[]
const tenantIdOf = (key: TenantKey) => demoId(`tenant:${key}`)

/**
 * Writes the demo world: tenants, users, numbers, templates and conversations. Only missing rows are written, so later changes
 * stay. @throws Error in production
 */
export async function seedDemo(store: Store, keyring: Keyring, options: { now?: Date; nodeEnv?: string } = {}): Promise<void> {
  refuseProduction(options.nodeEnv ?? process.env.NODE_ENV)
  const now = options.now ?? new Date()
  for (const key of TENANT_KEYS) {
    await seedTenant(store, key)
    await asTenant(tenantIdOf(key), () => seedNumber(store, keyring, key, now))
  }
  await seedUsers(store)
  await asTenant(tenantIdOf('demo'), () => seedTemplates(store))
  for (const history of DEMO_HISTORY) await asTenant(tenantIdOf(history.tenant), () => seedConversation(store, history, now))
}

function refuseProduction(nodeEnv: string | undefined): void {
  if (nodeEnv === 'production') throw new Error('The demo world must not be seeded in production.')
}

async function seedTenant(store: Store, key: TenantKey): Promise<void> {
  const isDemo = key === 'demo'
  const settings = {
    locale: 'fr',
    timezone: 'Africa/Casablanca',
    currency: 'MAD',
    initiateTemplate: isDemo ? { name: 'application_received', language: 'fr' } : null,
    reengageTemplate: isDemo ? { name: 'job_opportunity', language: 'fr' } : null,
    prices: [{ category: null, country: null, amount: 0.4 }],
    unknownOutcome: 'fail',
    maxWaitHours: 24,
    leadsEnabled: true,
    sendReadReceipts: true,
  }
  const fields = { name: DEMO_TENANTS[key].name, status: 'active', settings }
  await ensure(store.models.tenants, { _id: tenantIdOf(key) }, fields)
  await ensureDefaultPipeline(store, tenantIdOf(key))
}

/** Writes the missing users. Hashing a password is slow on purpose, so present users are skipped before it. */
async function seedUsers(store: Store): Promise<void> {
  const present = await acrossTenants(() => store.models.users.distinct('email'))
  const missing = DEMO_USERS.filter(user => !present.includes(user.email))
  await Promise.all(
    missing.map(async ({ email, password, name, role, tenant }) => {
      const fields = { tenantId: tenantIdOf(tenant), email, name, role, passwordHash: await hashPassword(password) }
      await acrossTenants(() => ensure(store.models.users, { email }, fields))
    }),
  )
}

async function seedNumber(store: Store, keyring: Keyring, key: TenantKey, now: Date): Promise<void> {
  const { name, portfolioId, wabaId, phoneNumberId, whatsappNumber, accessToken } = DEMO_TENANTS[key]
  const filter = { tenantId: tenantIdOf(key), _id: demoId(`client:${key}`) }
  const fields = {
    userId: `recruiter-${key}`,
    companyName: name,
    whatsappNumber,
    verifiedName: name,
    phoneNumberId,
    wabaId,
    portfolioId,
    isPrimary: true,
    accessToken: sealAccessToken(keyring, filter, accessToken),
    status: 'active',
    qualityRating: 'GREEN',
    messagingLimit: 2000,
    throughput: 80,
    connectedAt: now,
  }
  await ensure(store.models.clients, filter, fields)
  const client = await store.models.clients.findOne(filter).lean()
  // The row may be sealed with the key of an earlier checkout. The demo's token is known, so it is sealed again.
  if (client && !opens(keyring, client)) {
    await store.models.clients.updateOne(filter, { $set: { accessToken: fields.accessToken } })
  }
}

function opens(keyring: Keyring, client: ClientDoc): boolean {
  try {
    openAccessToken(keyring, client)
    return true
  } catch {
    return false
  }
}

async function seedTemplates(store: Store): Promise<void> {
  for (const demo of DEMO_TEMPLATES) {
    const { tenantId, wabaId, name, language, ...fields } = demoTemplate(tenantIdOf('demo'), DEMO_TENANTS.demo.wabaId, demo)
    await ensure(store.models.templates, { tenantId, wabaId, name, language }, fields)
  }
}

async function seedConversation(store: Store, history: DemoConversation, now: Date): Promise<void> {
  const parties = await partiesOf(store, history)
  const { conversation, messages } = demoConversation(history, parties, now)
  if (conversation.leadId) await seedLead(store, history, parties)
  const { tenantId, clientId, contactId, ...fields } = conversation
  await store.transaction(async session => {
    const filter = { tenantId, clientId, contactId }
    const isNew = await ensure(store.models.conversations, filter, fields, session)
    if (isNew) await store.models.messages.insertMany(messages, { session })
  })
}

async function partiesOf(store: Store, history: DemoConversation): Promise<Parties> {
  const client = (await store.models.clients.findOne({ _id: demoId(`client:${history.tenant}`) }).lean()) as ClientDoc
  const agent = history.assignedTo === null ? null : await store.models.users.findOne({ email: history.assignedTo }).lean()
  return { client, contact: await seedContact(store, history), agent: agent && { id: agent._id, name: agent.name } }
}

async function seedContact(store: Store, { tenant, waId }: DemoConversation): Promise<ContactDoc> {
  const person = DEMO_CONTACTS.find(contact => contact.waId === waId)
  const fields = {
    _id: demoId(`contact:${tenant}:${waId}`),
    userId: person?.userId ?? null,
    phone: waId,
    name: person?.name ?? null,
    nameSource: 'profile',
    username: person?.username ?? null,
    keys: searchKeys({ ...person, phone: waId }),
  }
  const filter = { tenantId: tenantIdOf(tenant), waId }
  await ensure(store.models.contacts, filter, fields)
  return (await store.models.contacts.findOne(filter).lean()) as ContactDoc
}

/** Writes the lead of a person who wrote, as the recorder would. */
async function seedLead(store: Store, history: DemoConversation, { contact }: Parties): Promise<void> {
  const pipeline = await ensureDefaultPipeline(store, tenantIdOf(history.tenant))
  const name = `WhatsApp +${history.waId}`
  const fields = {
    _id: demoLeadId(history),
    contactId: contact._id,
    name,
    keys: searchKeys({ name, phone: history.waId }),
    status: 'ACTIVE',
    source: 'whatsapp',
    pipelineId: pipeline._id,
    stageId: pipeline.stages[0]?._id as Id,
  }
  const filter = { tenantId: tenantIdOf(history.tenant), phone: history.waId }
  await ensure(store.models.leads, filter, fields)
}

/** Inserts a row unless it exists; an existing one keeps its `updatedAt` too. @returns whether it was inserted */
async function ensure<T>(model: Model<T>, filter: QueryFilter<T>, fields: object, session?: ClientSession): Promise<boolean> {
  const now = new Date()
  const update = { $setOnInsert: { ...fields, createdAt: now, updatedAt: now } } as UpdateQuery<T>
  const { upsertedCount } = await model.updateOne(filter, update, { upsert: true, timestamps: false, session })
  return upsertedCount === 1
}

/** `npm run seed`: seeds the database of the environment, of `.env`, or of the running demo. */
async function main(): Promise<void> {
  const env = readEnvironment()
  refuseProduction(env.NODE_ENV)
  if (!env.MONGODB_URI) throw new Error('MONGODB_URI is missing. Run `npm start` first, or set it.')
  await using store = await connectMigrated(env.MONGODB_URI, { appName: 'linko-seed' })
  await seedDemo(store, createKeyring(env), { nodeEnv: env.NODE_ENV })
  process.stdout.write(`The demo world is seeded. Users: ${DEMO_USERS.map(user => user.email).join(', ')}\n`)
}

if (import.meta.main) await main()
