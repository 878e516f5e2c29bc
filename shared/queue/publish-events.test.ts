import pino from 'pino'
import { expect, test } from 'vitest'
import { TENANT_ID } from '#test/support/worlds/memory.ts'
import type { RealtimeEvents } from '../contracts/realtime-event.ts'
import type { EventDoc } from '../model/documents.ts'
import { createEventPublisher } from './publish-events.ts'
import type { OutgoingMessage } from './types.ts'

const log = pino({ level: 'silent' })
const events = (count: number): EventDoc[] =>
  Array.from({ length: count }, (_, i) => ({
    _id: `r:${i}`,
    tenantId: TENANT_ID,
    name: 'message:received',
    at: new Date(0),
    clientId: null,
    conversationId: null,
    userId: null,
    payload: {},
    createdAt: new Date(0),
  }))

/** A broker that confirms when the test says so. */
function broker() {
  const taken: string[] = []
  const sizes: number[] = []
  const confirms: (() => void)[] = []
  const publish = (message: OutgoingMessage) => {
    const { events } = message.body as RealtimeEvents
    taken.push(...events.map(({ eventId }) => eventId))
    sizes.push(events.length)
    return new Promise<void>(resolve => confirms.push(resolve))
  }
  return { taken, sizes, confirms, publish }
}

test('all events are handed over in order without waiting for confirms', async () => {
  const { taken, sizes, confirms, publish } = broker()
  const publisher = createEventPublisher({ queue: { publish }, log })
  await publisher.publish(events(150), null)
  expect(taken).toEqual(events(150).map(event => event._id))
  expect(sizes).toEqual([64, 64, 22])
  for (const confirm of confirms) confirm()
  await publisher.settled()
})

test('a broker that confirms slowly delays the caller, and gets the rest after its confirms', async () => {
  const { taken, confirms, publish } = broker()
  const publisher = createEventPublisher({ queue: { publish }, log })
  const handing = publisher.publish(events(100 * 64 + 1), null)
  expect(taken).toHaveLength(100 * 64)
  for (const confirm of confirms.splice(0)) confirm()
  await handing
  expect(taken).toHaveLength(100 * 64 + 1)
})

test('the rest is left to the sweep when the broker confirms nothing', async () => {
  const { taken, publish } = broker()
  await createEventPublisher({ queue: { publish }, log }).publish(events(100 * 64 + 1), null)
  expect(taken).toHaveLength(100 * 64)
})

test('a refused publish does not fail the batch', async () => {
  const publisher = createEventPublisher({ queue: { publish: () => Promise.reject(new Error('blocked')) }, log })
  await publisher.publish(events(3), null)
  await publisher.settled()
})
