import { expect } from 'vitest'
import type { RecordedCommand } from '#test/support/commands.ts'
import { untilPasses } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { accept, openSenderWorld, startMeta } from '#test/support/worlds/sender.ts'

/** The commands of a message's road; null for those of the background jobs. */
function stepOf({ name, command }: RecordedCommand): string | null {
  if (name === 'aggregate messages' && command.hint === 'dispatch_predecessor')
    return JSON.stringify(command.pipeline).includes('"head"') ? 'standing' : 'follow-ups'
  if (name === 'findAndModify messages') return 'take one'
  if (name === 'find messages') return command.hint === 'dispatch_token' ? 'read taken' : null
  if (name === 'insert events') return 'events'
  if (name !== 'update messages') return null
  const [{ u }] = command.updates as [{ u: { $set?: Record<string, unknown> } }]
  return u.$set?.['dispatch.state'] === 'TAKEN' ? 'take' : u.$set?.status === 'SENT' ? 'outcomes' : null
}

const stepsOf = (commands: readonly RecordedCommand[]) => commands.map(stepOf).filter(step => step !== null)

test('[8] a lone text costs five commands, which also note when it was enqueued and taken', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  await using sender = await w.startSender({ backlogEveryMs: 60_000 })
  const message = await w.sendOne()
  await w.until(message, row => row.status === 'SENT')
  await sender.idle()
  expect(stepsOf(sender.commands)).toEqual(['standing', 'take one', 'events', 'outcomes', 'follow-ups'])
  const attempt = (await w.get(message)).timeline.find(({ kind }) => kind === 'attempt')
  expect(attempt).toMatchObject({ enqueuedAt: expect.any(Date), takenAt: expect.any(Date) })
})

test('[MS-15] the question whether person and template allow a message costs no command', async ({ world }) => {
  await using meta = await startMeta()
  await using w = await openSenderWorld(world, meta.url)
  const { tenantId, client } = w
  const named = { name: 'offer', language: 'fr' }
  const fields = { tenantId, wabaId: client.wabaId, ...named, category: 'MARKETING', status: 'APPROVED', components: [] }
  await w.store.models.templates.create(fields as never)
  await using sender = await w.startSender({ backlogEveryMs: 60_000 })
  const content = { text: 'a', media: null, template: { ...named, variables: {} }, data: null }
  const payload = { type: 'template', template: { name: named.name, language: { code: named.language } } }
  const message = await w.sendOne({ type: 'template', content, payload, sendAt: new Date() })
  await w.until(message, row => row.status === 'SENT')
  await sender.idle()
  const steps = ['standing', 'take one', 'events', 'outcomes', 'follow-ups']
  expect(stepsOf(sender.commands)).toEqual(steps)
  const about = sender.commands.filter(({ name }) => /contacts|templates/.test(name))
  // What the use of a template is counted by is no question.
  expect(about.map(({ name }) => name).filter(name => !name.startsWith('update'))).toEqual([])
})

test('a burst of texts costs six commands a batch', async ({ world }) => {
  const held: (() => void)[] = []
  await using meta = await startMeta((...call) => void held.push(() => accept(...call)))
  await using w = await openSenderWorld(world, meta.url)
  const conversations = await Promise.all(Array.from({ length: 30 }, () => w.addConversation()))
  const messages = await w.send(conversations.map(conversation => w.messageIn(conversation)))
  await using sender = await w.startSender({ backlogEveryMs: 60_000 })
  await untilPasses(() => expect(held).toHaveLength(messages.length))
  for (const answer of held) answer()
  for (const message of messages) await w.until(message, row => row.status === 'SENT')
  await sender.idle()
  const steps = stepsOf(sender.commands)
  const count = (...names: string[]) => steps.filter(step => names.includes(step)).length
  const [takes, finishes] = [count('take', 'take one'), count('outcomes')]
  expect([count('standing'), count('read taken')]).toEqual([takes, count('take')])
  expect([count('events'), count('follow-ups')]).toEqual([finishes, finishes])
  // A busy machine may make two batches of what is usually one.
  expect(steps.length).toBeLessThanOrEqual(18)
})
