import { parseArgs } from 'node:util'
import { createLink, LINK_TTL_MS, linkAddress, type NewLink } from '#shared/auth/account-links.ts'
import { ApiError } from '#shared/domain/errors.ts'
import type { Id, UserDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import { readEnvironment } from '#shared/process/config.ts'
import { createLogger } from '#shared/process/logger.ts'
import { audit } from '#shared/store/accounts/audit.ts'
import { emailTaken, insertUserWithin } from '#shared/store/accounts/people.ts'
import { insertTenant } from '#shared/store/accounts/tenants.ts'
import { findPlatformAdmins, findUserByEmail } from '#shared/store/accounts/users.ts'
import type { Store } from '#shared/store/connect.ts'
import { ensureDefaultPipeline } from '#shared/store/contacts/pipelines.ts'
import { isDuplicateKey } from '#shared/store/errors.ts'
import { connectMigrated } from '#shared/store/migrate.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { Session } from '#shared/store/transaction.ts'

const USAGE = `usage: npm run admin -- create <e-mail> [--name "Full Name"] [--company "Name of the operator"]
       npm run admin -- reset <e-mail>
       npm run admin -- list

create  makes a platform admin and prints a one-time link by which they choose a password
reset   prints a one-time link for a platform admin who cannot sign in any more
list    prints the platform admins`

export interface AdminRequest {
  email: string
  name?: string | undefined
  /** Name of the operator's own tenant, when there is none yet. */
  company?: string | undefined
}

/**
 * Makes a platform admin. They belong to the tenant of the platform's other admins; the first one gets a new tenant.
 * @throws ApiError 409 EMAIL_TAKEN
 */
export async function createPlatformAdmin(
  store: Store,
  { email, name, company }: AdminRequest,
  now = new Date(),
): Promise<NewLink> {
  const address = email.trim().toLowerCase()
  const [present] = await findPlatformAdmins(store)
  const tenantId: Id = present?.tenantId ?? newId()
  try {
    const link = await asTenant(tenantId, () =>
      store.transaction(async session => {
        if (present === undefined)
          await insertTenant(store, { _id: tenantId, name: company ?? 'Platform', createdBy: null }, session)
        const fields = { tenantId, email: address, name: name ?? address, role: 'platform_admin', status: 'invited' } as const
        const user = await insertUserWithin(store, { ...fields, passwordHash: null, createdBy: null }, session)
        await record(store, user, 'users.create', session)
        return await createLink(store, user, { by: null, now }, session)
      }),
    )
    await asTenant(tenantId, () => ensureDefaultPipeline(store, tenantId))
    return link
  } catch (error) {
    throw isDuplicateKey(error) ? emailTaken(error) : error
  }
}

/** Makes a new link for a platform admin. @throws ApiError 404, 409 USER_DISABLED */
export async function resetPlatformAdmin(store: Store, email: string, now = new Date()): Promise<NewLink> {
  const user = await findUserByEmail(store, email)
  if (user === null || user.deletedAt || user.role !== 'platform_admin')
    throw new ApiError(404, 'NOT_FOUND', 'No platform admin has this address. `npm run admin -- list` shows them.')
  if (user.status === 'disabled') throw new ApiError(409, 'USER_DISABLED', 'This platform admin is disabled.')
  return await asTenant(user.tenantId, () =>
    store.transaction(async session => {
      await record(store, user, 'users.link', session)
      return await createLink(store, user, { by: null, now }, session)
    }),
  )
}

const record = (store: Store, user: UserDoc, action: string, session: Session) =>
  audit(
    store,
    {
      tenantId: user.tenantId,
      actor: { kind: 'system', id: null, name: 'npm run admin' },
      action,
      object: { kind: 'user', id: String(user._id) },
      changes: { email: { before: null, after: user.email } },
      ip: null,
    },
    { session },
  )

/** What the command prints for a link. */
export const linkText = (email: string, link: NewLink, base: string): string =>
  [
    `Link for ${email}, which works once, within ${LINK_TTL_MS / 3_600_000} hours (until ${link.expiresAt.toISOString()}):`,
    linkAddress(base, link),
    'Hand it on by a way that nobody else reads. It chooses the password; a newer link ends it.',
  ].join('\n')

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { name: { type: 'string' }, company: { type: 'string' } },
  })
  const [command, email] = positionals
  const isKnown =
    command === 'list' ? positionals.length === 1 : /^(create|reset)$/.test(command ?? '') && positionals.length === 2
  if (!isKnown || (email !== undefined && !/^[^@\s]+@[^@\s]+$/.test(email))) throw new ApiError(400, 'USAGE', USAGE)
  const { MONGODB_URI, DASHBOARD_URL, BASE_URL = 'http://localhost:3000' } = readEnvironment()
  if (!MONGODB_URI) throw new ApiError(400, 'USAGE', 'MONGODB_URI is missing: set it, or write it into .env.')
  await using store = await connectMigrated(MONGODB_URI, { appName: 'linko-admin', log: createLogger('admin', 'warn') })
  if (command === 'list') {
    const admins = await findPlatformAdmins(store)
    return print(admins.map(({ email, name, status }) => `${email}\t${status}\t${name}`).join('\n') || 'There is none yet.')
  }
  const address = email as string
  const link =
    command === 'create'
      ? await createPlatformAdmin(store, { email: address, ...values })
      : await resetPlatformAdmin(store, address)
  print(linkText(address, link, DASHBOARD_URL ?? BASE_URL))
}

const print = (text: string) => void process.stdout.write(`${text}\n`)

if (import.meta.main)
  await main(process.argv.slice(2)).catch(error => {
    if (!(error instanceof ApiError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  })
