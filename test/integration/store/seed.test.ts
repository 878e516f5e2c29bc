import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { seedDemo } from '#deploy/demo/seed.ts'
import { DEMO_TENANTS, DEMO_USERS } from '#deploy/demo/world.ts'
import { createKeyring, secretPlace } from '#shared/auth/encryption.ts'
import { verifyPassword } from '#shared/auth/passwords.ts'
import { findUserByEmail } from '#shared/store/accounts/users.ts'
import { connectStore, type Store } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import { COLLECTIONS } from '#shared/store/models.ts'
import { acrossTenants, asTenant } from '#shared/store/tenancy/tenancy.ts'
import { test as base } from '#test/support/world.ts'

const newKeyring = () => createKeyring({ TOKEN_ENCRYPTION_KEY: randomBytes(32).toString('hex') })

const test = base.extend<{ store: Store }>({
  store: async ({ world }, use) => {
    await using store = await connectStore(world.mongodbUri)
    await migrate(store)
    await use(store)
  },
})

const contents = async (store: Store) =>
  Object.fromEntries(
    await Promise.all(COLLECTIONS.map(async name => [name, await store.raw[name].find({}).sort({ _id: 1 }).toArray()])),
  )

test('the demo world is written once, whatever happened since stays', async ({ store }) => {
  const keyring = newKeyring()
  await seedDemo(store, keyring)
  const demo = await findUserByEmail(store, 'demo@whatsapp-saas.com')
  await asTenant(demo?.tenantId ?? '', async () => {
    await store.models.conversations.updateOne({}, { $set: { unreadCount: 7 } })
    await store.models.templates.deleteOne({ name: 'welcome' })
  })
  const before = await contents(store)
  await seedDemo(store, keyring)
  const after = await contents(store)
  expect({ ...after, templates: [] }).toEqual({ ...before, templates: [] })
  expect(after.templates).toHaveLength(3)
})

test('[AU-16] every demo user signs in with the documented password', async ({ store }) => {
  await seedDemo(store, newKeyring())
  const checks = DEMO_USERS.map(async ({ email, password }) => {
    const user = await findUserByEmail(store, email)
    return [user?.role, await verifyPassword(user?.passwordHash ?? '', password)]
  })
  expect(await Promise.all(checks)).toEqual(DEMO_USERS.map(({ role }) => [role, { ok: true, needsRehash: false }]))
})

test('the inbox has an open window, a closed one, unread messages and one never answered', async ({ store }) => {
  const now = new Date()
  await seedDemo(store, newKeyring(), { now })
  const demo = await findUserByEmail(store, 'demo@whatsapp-saas.com')
  const list = await store.models.conversations.find({ tenantId: demo?.tenantId }).sort({ lastActivityAt: -1 }).lean()
  const windowOf = (at: Date | null) => (at === null ? 'none' : at > now ? 'open' : 'closed')
  expect(list.map(item => [item.contact.name, windowOf(item.windowExpiresAt), item.unreadCount, item.messageCount])).toEqual([
    ['Élodie Martin', 'open', 2, 3],
    ['Salma Idrissi', 'open', 0, 5],
    ['يوسف العلوي', 'none', 0, 1],
    ['Karim Bennani', 'closed', 0, 3],
  ])
  const texts = await asTenant(demo?.tenantId ?? '', () => store.models.messages.find({ type: 'template' }).lean())
  expect(texts.map(message => message.content.text).join()).not.toMatch(/\{\{/)
  expect(await asTenant(demo?.tenantId ?? '', () => store.models.leads.countDocuments())).toBe(3)
})

test('a new key on old rows stores the demo tokens anew', async ({ store }) => {
  await seedDemo(store, newKeyring())
  const keyring = newKeyring()
  await seedDemo(store, keyring)
  const clients = await acrossTenants(() => store.models.clients.find({}).lean())
  const tokens = clients.map(client =>
    keyring.decrypt(client.accessToken ?? '', secretPlace(client.tenantId, client._id, 'accessToken')),
  )
  expect(tokens.sort()).toEqual(Object.values(DEMO_TENANTS).map(tenant => tenant.accessToken))
})

test('[AU-16] production refuses the demo world', async ({ store }) => {
  await expect(seedDemo(store, newKeyring(), { nodeEnv: 'production' })).rejects.toThrow('production')
  expect(await store.raw.tenants.countDocuments()).toBe(0)
})
