import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'
import { COLLECTIONS } from '#shared/store/models.ts'

/** What people make and what became of it: it is marked (`deletedAt`, DISABLED), so that nothing refers to what is gone. */
const BUSINESS = [
  ...['tenants', 'users', 'apiKeys', 'clients', 'templates', 'campaigns', 'eventSubscriptions', 'auditLog'],
  ...['contacts', 'leads', 'notes', 'pipelines', 'conversations', 'messages', 'labels', 'quickReplies', 'savedViews'],
]

/** Where rows of these go for good, and why. */
const FOR_GOOD: Record<string, string> = {
  'shared/store/contacts/erase-rows.ts: notes': 'the erasure of a person',
  'shared/store/contacts/erase-views.ts: savedViews': 'the erasure of a person whom the view names',
  'shared/store/inbox/accept.ts: conversations': 'has no message yet, and met the erasure of its person',
  'shared/store/templates/templates.ts: templates': 'Meta refused it when it was submitted',
}

const DELETION = /\b(\w+)(?:\??\.\w+\(\))?\s*\.(deleteOne|deleteMany|findOneAndDelete|drop)\(/g

function deletionsIn(text: string): string[] {
  return [...text.matchAll(DELETION)].map(([, collection]) => collection as string)
}

const deletions = globSync('{services,shared}/**/*.ts', { cwd: ROOT })
  .filter(file => !file.endsWith('.test.ts') && !file.startsWith('services/gateway/dashboard/'))
  .flatMap(file => deletionsIn(readFileSync(path.join(ROOT, file), 'utf8')).map(on => ({ file, on })))

test('[SE-13] rows of business data are deleted for good where an erasure or a refusal asks for it, and nowhere else', () => {
  expect(deletions.length).toBeGreaterThan(20)
  const ofBusiness = deletions.filter(({ on }) => BUSINESS.includes(on)).map(({ file, on }) => `${file}: ${on}`)
  expect([...new Set(ofBusiness)].toSorted()).toEqual(Object.keys(FOR_GOOD).toSorted())
})

test('every deletion names its collection', () => {
  // `chunks` are those of files in GridFS.
  const names: readonly string[] = [...COLLECTIONS, 'chunks']
  expect(BUSINESS.filter(name => !names.includes(name))).toEqual([])
  expect(deletions.filter(({ on }) => !names.includes(on)).map(({ file, on }) => `${file}: ${on}`)).toEqual([])
})

test('a deletion would be found', () => {
  expect(deletionsIn('await store.raw.messages.deleteMany({ tenantId })')).toEqual(['messages'])
  expect(deletionsIn('const { deletedCount } = await contacts.deleteOne(own)')).toEqual(['contacts'])
})
