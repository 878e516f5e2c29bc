import type { ConfirmChannel } from 'amqplib'
import type { OutgoingEvent } from '../contracts/event-subscriptions.ts'
import type { Logger } from '../process/logger.ts'
import { HEADER, shortId } from './headers.ts'
import { openLink, withChannel, within } from './link.ts'

/** The exchange of the operator's choice to which every event of every tenant goes. */
export interface EventExchange extends AsyncDisposable {
  /**
   * Publishes events in their order, under the routing key `<tenantId>.<type>`. Resolves when the broker has confirmed all of them; an
   * event that no queue is bound for is dropped by the broker, as with every exchange. @throws when one is not confirmed: publish all again
   */
  publish(events: readonly OutgoingEvent[]): Promise<void>
  isConnected(): boolean
}

const NOT_FOUND = 404
const CONFIRM_MS = 10_000

/** Connects in the background and stays connected. Declares the exchange, durable and of the type topic, where it does not exist. */
export async function openEventExchange(
  url: string,
  { exchange, name, log }: { exchange: string; name: string; log: Logger },
): Promise<EventExchange> {
  const link = await openLink(url, { name: `${name} event exchange`, log, startWithinMs: 0 })
  let opening: Promise<ConfirmChannel> | null = null

  async function open(): Promise<ConfirmChannel> {
    if (!link.isConnected()) throw new Error('the broker of the event exchange is away')
    await declare(link, exchange)
    const channel = await link.createConfirmChannel()
    const isOver = () => {
      opening = null
    }
    channel.on('error', error => log.warn({ err: error }, 'event exchange channel failed'))
    channel.on('close', isOver)
    return channel
  }

  /** The open channel; a new one after the last was lost. */
  function channelOf(): Promise<ConfirmChannel> {
    opening ??= open().catch(error => {
      opening = null
      throw error
    })
    return opening
  }

  return {
    isConnected: () => link.isConnected() && !link.isBlocked(),
    async publish(events) {
      const channel = await channelOf()
      for (const event of events) channel.publish(exchange, routingKeyOf(event), contentOf(event), propertiesOf(event))
      if (await confirmed(channel)) return
      opening = null
      void within(CONFIRM_MS, channel.close())
      throw new Error('the broker of the event exchange confirms nothing')
    },
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  }
}

/** @returns false when the confirms do not come in time @throws when the broker refuses, or the channel is lost */
async function confirmed(channel: ConfirmChannel): Promise<boolean> {
  const confirms = channel.waitForConfirms()
  const lost = new Promise<never>((_, reject) => channel.once('close', () => reject(new Error('the channel was lost'))))
  lost.catch(() => undefined)
  const inTime = await within(CONFIRM_MS, Promise.race([confirms, lost]))
  if (!inTime) confirms.catch(() => undefined)
  else await Promise.race([confirms, lost])
  return inTime
}

async function declare(link: Pick<Awaited<ReturnType<typeof openLink>>, 'createChannel'>, exchange: string): Promise<void> {
  try {
    // Of whichever type it is: it is the operator's.
    await withChannel(link, channel => channel.checkExchange(exchange))
  } catch (error) {
    if ((error as { code?: unknown }).code !== NOT_FOUND) throw error
    await withChannel(link, channel => channel.assertExchange(exchange, 'topic', { durable: true }))
  }
}

/** Words of a routing key are separated by dots, as the type is: `<tenantId>.message.received`. */
const routingKeyOf = ({ tenantId, type }: OutgoingEvent) => `${tenantId}.${type}`

const contentOf = (event: OutgoingEvent) => Buffer.from(JSON.stringify(event))

const propertiesOf = ({ id, type, tenantId, timestamp }: OutgoingEvent) => ({
  persistent: true,
  messageId: shortId(id),
  type,
  contentType: 'application/json',
  timestamp: Math.floor(Date.parse(timestamp) / 1000),
  headers: { [HEADER.tenant]: tenantId },
})
