import { globSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readFixture, readSequence } from '#test/support/worlds/fixtures.ts'
import { createMemoryWorld } from '#test/support/worlds/memory.ts'
import { staleKeysAmong } from '#test/support/worlds/stale-keys.ts'
import { itemsOf, textFrom } from '#test/support/worlds/webhooks.ts'
import { parseWebhook } from '../meta/webhook.ts'
import { ROOT } from '../process/config.ts'

/** A search finds people by the words of their rows: whatever webhooks change of a name or number, they change these too. */

const NOW = new Date('2026-11-20T12:00:00Z')
const files = (folder: string) =>
  globSync('*.json', { cwd: path.join(ROOT, 'test/fixtures', folder) }).map(file => file.replace('.json', ''))

test('after each fixture of a webhook the words are those of the names and numbers', () => {
  const { record, rows } = createMemoryWorld()
  const bodies = [...files('webhooks').map(readFixture), ...files('webhook-sequences').flatMap(readSequence)]
  for (const body of bodies) {
    record(parseWebhook(body, NOW))
    expect(staleKeysAmong(rows)).toEqual([])
  }
  expect(rows.contacts.length).toBeGreaterThan(5)
  expect(rows.conversations.some(({ deletedAt, contact }) => deletedAt && contact.name)).toBe(true)
})

test('who changes the number is found by the new one', () => {
  const { record, rows } = createMemoryWorld()
  record(itemsOf('messages', { messages: [textFrom({ from: '212661000101', from_user_id: 'MA.1' }, 'wamid.1', 1)] }))
  expect(rows.conversations[0]?.contact.keys).toContain('#0101')
  record(itemsOf('messages', { messages: [textFrom({ from: '212661000202', from_user_id: 'MA.1' }, 'wamid.2', 2)] }))
  expect(rows.conversations[0]?.contact.keys).toContain('#0202')
  expect(rows.conversations[0]?.contact.keys).not.toContain('#0101')
  expect(staleKeysAmong({ ...rows, leads: [] })).toEqual([])
})
