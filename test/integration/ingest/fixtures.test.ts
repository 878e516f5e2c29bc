import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, vi } from 'vitest'
import { parseWebhook } from '#shared/meta/webhook.ts'
import { ROOT } from '#shared/process/config.ts'
import { test } from '#test/support/world.ts'
import { startIngest } from '#test/support/worlds/ingest.ts'

const FIXTURES = path.join(ROOT, 'test/fixtures/webhooks')
const read = (file: string) => JSON.parse(readFileSync(path.join(FIXTURES, file), 'utf8'))

test('every fixture is answered 200, and every item of it has its row', async ({ world }) => {
  const { post, store } = await startIngest(world)
  const files = globSync('*.json', { cwd: FIXTURES }).sort()
  expect(files).toHaveLength(151)
  const expected = new Set<string>()
  for (const file of files) {
    const body = read(file)
    expect([file, (await post(body)).status]).toEqual([file, 200])
    for (const item of parseWebhook(body, new Date())) expected.add(item.eventId)
  }
  await vi.waitFor(async () => expect(await store.raw.webhookEvents.countDocuments()).toBe(expected.size), { timeout: 20_000 })
  expect(await store.raw.deadLetters.countDocuments()).toBe(0)
}, 60_000)

test('fifty copies at once leave one message', async ({ world }) => {
  const { post, store } = await startIngest(world)
  const body = read('message-text.json')
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(body)))
  expect(answers.every(answer => answer.status === 200)).toBe(true)
  const wamid = body.entry[0].changes[0].value.messages[0].id
  await vi.waitFor(async () => expect(await store.raw.messages.countDocuments({ wamid })).toBe(1))
})
