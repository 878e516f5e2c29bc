import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

/**
 * The ways around the tenant check, and the files that may use them. A new file needs a reason: say in the file why its queries
 * cannot belong to one tenant.
 */
const ESCAPES: { what: string; pattern: RegExp; allowed: string[] }[] = [
  {
    what: 'acrossTenants',
    pattern: /\bacrossTenants\(/,
    allowed: [
      'shared/store/tenancy/context.ts', // its definition
      'shared/store/accounts/users.ts', // sign-in: only the address is known; the demo's users and the platform's admins are of any tenant
      'shared/store/contacts/blocks.ts', // one process sends the blocks of all tenants to Meta
      'shared/store/inbox/assignment.ts', // a background job releases what users of all tenants leave behind
      'shared/store/inbox/automatic-answers.ts', // a background job answers customers of all tenants
      'shared/store/inbox/labels.ts', // a background job finishes changes of all tenants
      'shared/store/inbox/snoozed.ts', // a background job wakes conversations of all tenants
      'shared/store/numbers/clients.ts', // a webhook names a number only
      'shared/store/numbers/meta-ids.ts', // a webhook and a batch of send jobs name numbers only
      'shared/store/numbers/connections.ts', // the return of a dialog names a connection only; one process advances those of all tenants
      'shared/store/numbers/connect-numbers.ts', // a number belongs to one tenant of the platform
      'shared/store/accounts/push-subscriptions.ts', // a browser may pass to somebody of another tenant; one process tells the people of all
      'shared/store/accounts/initiators.ts', // a platform admin acts in other tenants
      'shared/store/numbers/checks.ts', // background jobs check the numbers of all tenants
      'shared/store/templates/syncs.ts', // a background job runs the syncs of all tenants
      'shared/store/numbers/sending-numbers.ts', // a batch of send jobs has several tenants
      'shared/store/webhooks/webhook-events.ts', // events of a number without a tenant
      'shared/store/webhooks/dead-letter-list.ts', // messages without a tenant, and platform admins
      'shared/store/accounts/audit.ts', // entries of the platform have no tenant
      'shared/store/migrate.ts', // runs for all tenants at start
      'shared/auth/api-keys.ts', // only the prefix of a key is known
      'shared/auth/account-links.ts', // only the hash of a link's token is known
      'shared/auth/refresh-tokens.ts', // only the hash of a token is known
      'shared/auth/subscription-secrets.ts', // a new encryption key applies to all rows
      'shared/auth/second-factor.ts', // a new encryption key applies to all rows
      'shared/auth/client-tokens.ts', // a new encryption key applies to all rows
    ],
  },
  {
    what: 'raw collections',
    pattern: /\braw(\.|\[|\b\s*\})|\brawCollections\(/,
    // Hot paths, in adapters that put the tenant into every filter themselves. All other files use the models.
    allowed: [
      'shared/store/{models,connect}.ts',
      'shared/store/analytics/{count,follow,read,states,waits}.ts',
      'shared/store/{campaigns,dispatch,events,recording}/*.ts',
      'shared/store/contacts/{erase-begin,erase-check,erase-rows,erasures,lead-links}.ts',
      'shared/store/inbox/{accept,destinations,discarded-files,media,message-inserts,retention}.ts',
      'shared/store/fill-keys.ts', // runs for all tenants, before the services start
      'shared/store/subscriptions/outgoing.ts', // one process delivers the events of all tenants
      'shared/store/templates/uses.ts',
      'shared/store/webhooks/{dead-letter-list,dead-letter-moves,dead-letters,sweep-parked}.ts',
    ],
  },
  {
    what: 'collections beside the models',
    pattern: /\.collection\b|\.db\b\.|connection\.db\b/,
    allowed: ['shared/store/{models,connect,migrate,clock,single-member}.ts', 'shared/storage/gridfs{,-sweep}.ts'],
  },
  { what: 'queries without their hooks', pattern: /\bmiddleware:\s*(false|\{)/, allowed: [] },
  { what: 'change streams, which no hook can narrow', pattern: /models\.\w+\.watch\(/, allowed: [] },
]

const ROOT = path.resolve(import.meta.dirname, '../..')
const FILES = globSync('{shared,services}/**/*.ts', { cwd: ROOT }).filter(
  file => !file.endsWith('.test.ts') && !file.includes('node_modules'),
)

test.for(ESCAPES.map(entry => [entry.what, entry] as const))('%s: only in the listed files', ([, { pattern, allowed }]) => {
  const found = FILES.filter(file => pattern.test(withoutComments(readFileSync(path.join(ROOT, file), 'utf8'))))
  expect(found.filter(file => !allowed.some(glob => path.matchesGlob(file, glob)))).toEqual([])
})

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}
