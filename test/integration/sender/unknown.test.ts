import { expect } from 'vitest'
import type { MessageDoc } from '#shared/model/documents.ts'
import { oldestWaiting } from '#shared/process/metrics.ts'
import { untilTrue } from '#test/support/until.ts'
import { webhookOf } from '#test/support/webhooks.ts'
import { test, type World } from '#test/support/world.ts'
import { startIngest } from '#test/support/worlds/ingest.ts'
import { type Answer, accept, openSenderWorld, type SenderWorld, startMeta } from '#test/support/worlds/sender.ts'

/** Meta's word about an attempt, by our own id, as a signed webhook. */
async function startWebhooks(world: World, { client }: SenderWorld) {
  const ingest = await startIngest(world)
  return async (message: MessageDoc, status: string, { attempt = 1, ...more }: { attempt?: number; errors?: object[] } = {}) => {
    const report = {
      id: `wamid.of.${message._id}.${attempt}`,
      status,
      timestamp: String(Math.floor(Date.now() / 1000)),
      recipient_id: message.contactKey,
      biz_opaque_callback_data: `1:c:${message._id}:${attempt}`,
      ...more,
    }
    const metadata = { display_phone_number: client.whatsappNumber, phone_number_id: client.phoneNumberId }
    const value = { messaging_product: 'whatsapp', metadata, statuses: [report] }
    expect((await ingest.post(webhookOf(value, client.wabaId))).status).toBe(200)
  }
}

const LOST: [string, Answer][] = [
  ['no answer in time', () => undefined],
  ['a connection that breaks', (_post, _response, request) => request.socket.resetAndDestroy()],
  ['an answer that breaks off', (_post, response) => void response.writeHead(200, { 'content-length': '500' }).end('{"mess')],
  ['a 502 of something before Meta', (_post, response) => void response.writeHead(502).end('<html>bad gateway</html>')],
  ['a success without an id', (_post, response) => void response.end('{}')],
]

test.for(LOST)(
  '[F24] %s leaves the outcome unknown, a status with our id settles it, nothing is posted twice',
  async ([, answer], { world }) => {
    await using meta = await startMeta(answer)
    await using w = await openSenderWorld(world, meta.url)
    await w.setTenant({ unknownOutcome: 'retry' })
    const report = await startWebhooks(world, w)
    await using _sender = await w.startSender({ callTimeoutMs: 300, unknownDeadlineMs: 60_000 })
    const conversation = await w.addConversation()
    const message = await w.sendOne({}, conversation)
    const unknown = await w.until(message, m => m.dispatch?.state === 'UNKNOWN')
    expect(unknown.status).toBe('QUEUED')
    meta.answer = accept
    await report(message, 'delivered')
    const row = await w.until(message, m => m.status === 'DELIVERED')
    expect(row).toMatchObject({ wamid: `wamid.of.${message._id}.1`, dispatch: null, error: null })
    expect(
      row.timeline.filter(({ kind }) => kind !== 'waited').map(({ kind, outcome, status }) => outcome ?? status ?? kind),
    ).toEqual(['accepted', 'unknown', 'DELIVERED'])
    const next = await w.sendOne({}, conversation)
    await w.until(next, m => m.status === 'SENT')
    expect(meta.posts.map(({ body }) => body.biz_opaque_callback_data)).toEqual([`1:c:${message._id}:1`, `1:c:${next._id}:1`])
  },
)

test('a status that comes after the deadline replaces the failure that we declared', async ({ world }) => {
  await using meta = await startMeta(() => undefined)
  await using w = await openSenderWorld(world, meta.url)
  const report = await startWebhooks(world, w)
  await using _sender = await w.startSender({ callTimeoutMs: 200, unknownDeadlineMs: 300 })
  const message = await w.sendOne()
  expect((await w.until(message, m => m.status === 'FAILED')).error).toMatchObject({ source: 'platform', code: null })
  await report(message, 'read')
  expect(await w.until(message, m => m.status === 'READ')).toMatchObject({ error: null })
  await untilTrue(async () => (await w.conversation(message)).lastError === null)
  expect(meta.posts).toHaveLength(1)
})

test("Meta's failure of an unknown attempt is final, and is not sent once more whatever the policy", async ({ world }) => {
  await using meta = await startMeta(() => undefined)
  await using w = await openSenderWorld(world, meta.url)
  await w.setTenant({ unknownOutcome: 'retry' })
  const report = await startWebhooks(world, w)
  await using _sender = await w.startSender({ callTimeoutMs: 200, unknownDeadlineMs: 60_000 })
  const message = await w.sendOne()
  await w.until(message, m => m.dispatch?.state === 'UNKNOWN')
  await report(message, 'failed', { errors: [{ code: 131026, title: 'Message undeliverable' }] })
  expect(await w.until(message, m => m.status === 'FAILED')).toMatchObject({
    dispatch: null,
    error: { code: 131026, source: 'meta' },
  })
  expect(meta.posts).toHaveLength(1)
})

test('[F5] with the policy `retry` a word about the first attempt joins the second as a note', async ({ world }) => {
  await using meta = await startMeta((_post, _response, request) => request.socket.resetAndDestroy())
  await using w = await openSenderWorld(world, meta.url)
  await w.setTenant({ unknownOutcome: 'retry' })
  const report = await startWebhooks(world, w)
  await using _sender = await w.startSender({ unknownDeadlineMs: 500 })
  const message = await w.sendOne()
  await untilTrue(() => meta.posts.length === 1)
  meta.answer = accept
  const sent = await w.until(message, m => m.status === 'SENT')
  await report(message, 'delivered', { attempt: 1 })
  const row = await w.until(message, m => m.timeline.some(({ detail }) => detail?.startsWith('sent twice') ?? false))
  expect(row).toMatchObject({ status: 'SENT', wamid: sent.wamid })
})

test('the gauge shows the age of the oldest message without an outcome, in hand or without an answer', async ({ world }) => {
  await using meta = await startMeta(() => undefined)
  await using w = await openSenderWorld(world, meta.url)
  const oldest = async () => (await oldestWaiting.get()).values.find(({ labels }) => labels.priority === 'chat')?.value ?? 0
  await using _sender = await w.startSender({ callTimeoutMs: 1000, unknownDeadlineMs: 3000, backlogEveryMs: 200 })
  const message = await w.sendOne({ createdAt: new Date(Date.now() - 600_000) })
  await untilTrue(async () => (await oldest()) >= 600)
  await w.until(message, m => m.status === 'FAILED')
  meta.answer = accept
  await untilTrue(async () => (await oldest()) < 60)
})
