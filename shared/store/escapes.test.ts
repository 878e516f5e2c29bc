import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

/**
 * The ways around the tenants' walls, and who may take them. A new file here is a decision: say in the file why its queries
 * cannot belong to one tenant.
 */
const ESCAPES: { what: string; pattern: RegExp; allowed: string[] }[] = [
  {
    what: 'acrossTenants',
    pattern: /\bacrossTenants\(/,
    allowed: [
      'shared/store/tenancy/context.ts', // its definition
      'shared/store/accounts/users.ts', // sign-in knows an address only
      'shared/store/contacts/blocks.ts', // Meta is told by one process, for all tenants
      'shared/store/numbers/clients.ts', // a webhook knows a number only
      'shared/store/numbers/checks.ts', // the leader cares for the numbers of all tenants
      'shared/store/templates/syncs.ts', // the leader carries out the orders of all tenants
      'shared/store/numbers/sending-numbers.ts', // a batch of bells is of many tenants
      'shared/store/webhooks/webhook-events.ts', // those of a number that nobody owns have no tenant
      'shared/store/webhooks/dead-letter-list.ts', // a message that says nothing of its tenant; platform admins see them all
      'shared/store/accounts/audit.ts', // the platform's own entries have no tenant
      'shared/store/migrate.ts', // runs before any tenant
      'shared/auth/api-keys.ts', // a key knows its prefix only
      'shared/auth/refresh-tokens.ts', // a token knows its hash only
      'shared/auth/client-tokens.ts', // a new key is for all rows
    ],
  },
  {
    what: 'raw collections',
    pattern: /\braw(\.|\[|\b\s*\})|\brawCollections\(/,
    // The hot roads, in adapters that put the tenant into every filter themselves. Everything else has models.
    allowed: [
      'shared/store/{models,connect}.ts',
      'shared/store/{campaigns,dispatch,events,recording}/*.ts',
      'shared/store/contacts/{erase-begin,erase-rows,lead-links}.ts',
      'shared/store/inbox/{media,discarded-files}.ts',
      'shared/store/templates/uses.ts',
      'shared/store/webhooks/{dead-letter-list,dead-letter-moves,dead-letters,sweep-parked}.ts',
    ],
  },
  {
    what: 'collections beside the models',
    pattern: /\.collection\b|\.db\b\.|connection\.db\b/,
    allowed: ['shared/store/{models,connect,migrate,clock}.ts', 'shared/storage/gridfs.ts'],
  },
  { what: 'queries without their hooks', pattern: /\bmiddleware:\s*(false|\{)/, allowed: [] },
  { what: 'change streams, which no hook can narrow', pattern: /models\.\w+\.watch\(/, allowed: [] },
]

const ROOT = path.resolve(import.meta.dirname, '../..')
const FILES = globSync('{shared,services}/**/*.ts', { cwd: ROOT }).filter(
  file => !file.endsWith('.test.ts') && !file.includes('node_modules'),
)

test.for(ESCAPES.map(way => [way.what, way] as const))('%s: listed files only', ([, { pattern, allowed }]) => {
  const found = FILES.filter(file => pattern.test(withoutComments(readFileSync(path.join(ROOT, file), 'utf8'))))
  expect(found.filter(file => !allowed.some(glob => path.matchesGlob(file, glob)))).toEqual([])
})

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}
