import { parseArgs } from 'node:util'
import mongoose from 'mongoose'
import { createKeyring } from '#shared/auth/encryption.ts'
import type { Id } from '#shared/model/documents.ts'
import { isId, toId } from '#shared/model/ids.ts'
import { readEnvironment } from '#shared/process/config.ts'
import { createLogger } from '#shared/process/logger.ts'
import { beginRebuild, findAnalyticsState } from '#shared/store/analytics/states.ts'
import type { Store } from '#shared/store/connect.ts'
import { latestSeq } from '#shared/store/events/sequence.ts'
import { connectMigrated } from '#shared/store/migrate.ts'
import { importAccounts } from './import/accounts.ts'
import type { ImportOptions } from './import/context.ts'
import { importConversations } from './import/conversations.ts'
import { crmSource } from './import/crm.ts'
import { importLeads } from './import/leads.ts'
import { linkojobSource } from './import/linkojob.ts'
import { ImportReport } from './import/report.ts'
import { saasSource } from './import/saas.ts'
import { type Source, SYSTEMS, type System } from './import/source.ts'

const USAGE = `usage: npm run import -- --from 000|002|003|004 <mongodb uri> [--dry-run] [--tenant <id>] [--number <phone number id>] [--waba <id>]

000, 002  LinkoJob: --tenant names the account that everything goes to
003       WhatsApp module of a CRM: --number names the connected number that its conversations belong to; with --tenant all
          organisations go to one account, without it each organisation becomes one
004       WhatsApp SaaS platform: each tenant becomes an account

OLD_TOKEN_ENCRYPTION_KEY (64 hex digits) opens the access tokens of the former system; without it numbers are connected again.
An import may be run again, also after it was cut off: what is here is not written twice. --dry-run counts and writes nothing.`

const SOURCES: Record<System, (db: mongoose.mongo.Db) => Source> = {
  '000': linkojobSource,
  '002': linkojobSource,
  '003': crmSource,
  '004': saasSource,
}

/** Takes over what a former system holds. @throws Error when an option is missing that this source needs */
export async function importFrom(store: Store, db: mongoose.mongo.Db, options: ImportOptions): Promise<ImportReport> {
  const { system, tenantId } = options
  if ((system === '000' || system === '002') && tenantId === null)
    throw new Error('Name the account with --tenant: this system has one company.')
  if (system === '003' && options.phoneNumberId === null)
    throw new Error('Name the connected number with --number: this system keeps it outside its database.')
  if (tenantId !== null && !(await store.models.tenants.exists({ _id: tenantId })))
    throw new Error('No account has the id that --tenant names.')
  const report = new ImportReport()
  const source = SOURCES[system](db)
  const context = { ...options, store, report, numbers: new Map(), users: new Map(), languages: new Map(), grown: new Map() }
  await importAccounts(context, source)
  await importConversations(context, source)
  await importLeads(context, source)
  for (const id of context.grown.values()) await countAnew(store, id)
  return report
}

/** Imported messages make no events, which the counters of reports follow: where they are counted already, it begins anew. */
async function countAnew(store: Store, tenantId: Id): Promise<void> {
  const state = await findAnalyticsState(store, tenantId)
  if (state !== null) await beginRebuild(store, tenantId, state.timezone, await latestSeq(store, String(tenantId)))
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    options: { from: text, tenant: text, number: text, waba: text, 'dry-run': { type: 'boolean' } },
    allowPositionals: true,
  })
  const [uri] = positionals
  const system = SYSTEMS.find(one => one === values.from)
  if (system === undefined || uri === undefined || (values.tenant !== undefined && !isId(values.tenant))) {
    console.error(USAGE)
    return 2
  }
  const env = readEnvironment()
  const oldKey = env.OLD_TOKEN_ENCRYPTION_KEY ?? null
  if (oldKey !== null && !/^[0-9a-f]{64}$/i.test(oldKey)) throw new Error('OLD_TOKEN_ENCRYPTION_KEY is not 64 hex digits.')
  await using store = await connectMigrated(env.MONGODB_URI ?? '', { log: createLogger('import', 'warn') })
  const client = await new mongoose.mongo.MongoClient(uri).connect()
  try {
    const report = await importFrom(store, client.db(), {
      system,
      tenantId: values.tenant === undefined ? null : toId(values.tenant),
      phoneNumberId: values.number ?? null,
      wabaId: values.waba ?? null,
      oldKey: oldKey === null ? null : Buffer.from(oldKey, 'hex'),
      keyring: createKeyring(env),
      isDryRun: values['dry-run'] === true,
      now: new Date(),
    })
    console.log(report.lines().join('\n'))
    return 0
  } finally {
    await client.close()
  }
}

if (import.meta.main) process.exitCode = await main()
