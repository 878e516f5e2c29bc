import { expect, test } from 'vitest'
import { EXCHANGES, webhookKeys } from '#shared/queue/topology.ts'
import type { OutgoingMessage } from '#shared/queue/types.ts'
import { spoolWork } from './make-durable.ts'

/** What was published, and the spool's work. */
function open() {
  const published: OutgoingMessage[] = []
  const work = spoolWork({ publish: async message => void published.push(message) })
  return { published, work }
}

const bodyOf = (from: string) =>
  Buffer.from(
    JSON.stringify({
      entry: [
        {
          id: '1',
          changes: [
            { value: { metadata: { phone_number_id: '1' }, messages: [{ from, id: 'w', timestamp: '1', type: 'text' }] } },
          ],
        },
      ],
    }),
  )

test('a spooled body is split and published by its own key', async () => {
  const { published, work } = open()
  const body = bodyOf('212661000101')
  expect(work.split(body)).toEqual([{ routingKey: webhookKeys.conversation('1', '212661000101'), body }])
  await work.publish(body, 1)
  expect(published).toMatchObject([
    { exchange: EXCHANGES.webhook, routingKey: webhookKeys.conversation('1', '212661000101'), body },
  ])
})

test('bytes that are no webhook are refused, never dropped', async () => {
  const { published, work } = open()
  expect(() => work.split(Buffer.from('{}'))).toThrow(TypeError)
  await expect(work.publish(Buffer.from('{}'), 1)).rejects.toThrow(TypeError)
  expect(published).toEqual([])
})

test('the dead letter of a refused body names its file, and goes the way that the receiver may go', async () => {
  const { published, work } = open()
  await work.report({ file: '1-account-00.body', key: 'conversation.2', bytes: 9_000_000, receivedAt: 1, reason: 'too large' })
  expect(published).toMatchObject([{ exchange: EXCHANGES.webhook, routingKey: webhookKeys.account }])
  const text = String(published[0]?.body)
  expect(text).toContain('refused/1-account-00.body: too large')
  expect(() => JSON.parse(text)).toThrow(SyntaxError)
})
