import { createRequire } from 'node:module'
import path from 'node:path'

/** Hears of a fault point: `before insert messages`, `after publish linko.event.v1`. */
export type Reach = (point: string) => void

/** What a webhook or a send reads and writes on its way; leases, heartbeats and settings are left out. */
const COLLECTIONS = new Set([
  'messages',
  'conversations',
  'contacts',
  'leads',
  'events',
  'webhookEvents',
  'parkedItems',
  'idempotencyKeys',
])
const WRITES = ['insert', 'update', 'delete', 'findAndModify', 'commitTransaction']
const READS = ['find', 'aggregate']

type Document = Record<string, unknown>
type Command = (ns: unknown, command: Document, ...more: unknown[]) => Promise<unknown>

/**
 * Watches the commands that the driver of MongoDB sends. A read counts once it has found something: before it nothing has changed,
 * and sweeps that find nothing are no work.
 */
export function watchDatabase(reach: Reach, delay: () => Promise<void>): void {
  const ofMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'))
  const { Connection } = ofMongoose('mongodb/lib/cmap/connection.js') as { Connection: { prototype: { command: Command } } }
  const { command } = Connection.prototype
  Connection.prototype.command = async function (ns, sent, ...more) {
    const step = stepOf(sent)
    if (step === null) return await command.call(this, ns, sent, ...more)
    await delay()
    if (step.isWrite) reach(`before ${step.name}`)
    const answer = await command.call(this, ns, sent, ...more)
    if (step.isWrite || hasFound(answer)) reach(`after ${step.name}`)
    return answer
  }
}

function stepOf(sent: Document): { name: string; isWrite: boolean } | null {
  const [verb = ''] = Object.keys(sent)
  if (verb === 'commitTransaction') return { name: verb, isWrite: true }
  const collection = String(sent[verb])
  const isWrite = WRITES.includes(verb)
  if ((!isWrite && !READS.includes(verb)) || !COLLECTIONS.has(collection)) return null
  return { name: `${verb} ${collection}`, isWrite }
}

/** @param answer the driver's view of a cursor's first batch */
const hasFound = (answer: unknown) => typeof answer === 'object' && answer !== null && 'length' in answer && answer.length !== 0

interface Channel {
  publish(exchange: string, ...more: unknown[]): boolean
  ack(message: { fields: { exchange: string } }, ...more: unknown[]): void
  handleConfirm(...more: unknown[]): void
}

/** An ack has no answer. amqplib writes its frame in the next turn of the event loop. */
const WRITTEN_MS = 2

/** Watches what is published and acked. */
export function watchBroker(reach: Reach): void {
  const main = createRequire(import.meta.url).resolve('amqplib')
  const { ConfirmChannel, Channel: Plain } = createRequire(main)(path.join(path.dirname(main), 'lib/channel_model.js')) as Record<
    'ConfirmChannel' | 'Channel',
    { prototype: Channel }
  >
  const { publish, handleConfirm } = ConfirmChannel.prototype
  ConfirmChannel.prototype.publish = function (exchange, ...more) {
    reach(`before publish ${exchange}`)
    return publish.call(this, exchange, ...more)
  }
  ConfirmChannel.prototype.handleConfirm = function (...more) {
    handleConfirm.call(this, ...more)
    reach('after confirm')
  }
  const { ack } = Plain.prototype
  Plain.prototype.ack = function (message, ...more) {
    reach(`before ack ${message.fields.exchange}`)
    ack.call(this, message, ...more)
    setTimeout(() => reach(`after ack ${message.fields.exchange}`), WRITTEN_MS).unref()
  }
}
