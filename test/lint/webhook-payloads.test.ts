import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { WEBHOOK_FIELDS } from '#shared/domain/onboarding/webhook-fields.ts'
import { ROOT } from '#shared/process/config.ts'

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

/** Name and body of each example of docs/webhook-payloads.md. */
const examples = [...read('docs/webhook-payloads.md').matchAll(/^### `([\w-]+)`\n[\s\S]*?```json\n([\s\S]*?)\n```$/gm)].map(
  ([, name = '', body = '']) => [name, JSON.parse(body)] as const,
)

test('docs/webhook-payloads.md shows many kinds of webhooks', () => {
  expect(examples.length).toBeGreaterThan(20)
})

test.for(examples)('[DC-05] the example %s is what Meta sent', ([name, shown]) => {
  const fixture = JSON.parse(read(`test/fixtures/webhooks/${name}.json`))
  const { field, value } = fixture.entry[0].changes[0]
  expect(shown).toEqual('entry' in shown ? fixture : { field, value })
})

test('[ON-27] docs/meta-setup.md lists every field that the app must be subscribed to, with what is lost without it', () => {
  const table = read('docs/meta-setup.md').split('| field | without it Linko does not hear of |\n| --- | --- |\n')[1] ?? ''
  const rows = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, name, lost]) => [name, lost])
  expect(rows).toEqual(Object.entries(WEBHOOK_FIELDS))
})

test.for([
  'META_APP_ID',
  'META_APP_SECRET',
  'META_CONFIG_ID',
  'META_WEBHOOK_VERIFY_TOKEN',
  'App Review',
  '/api/v1/webhook',
  'System user',
  'payment',
])('[ON-27] docs/meta-setup.md describes %s', word => {
  expect(read('docs/meta-setup.md').toLowerCase()).toContain(word.toLowerCase())
})
