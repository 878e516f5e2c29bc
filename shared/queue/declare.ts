import type { ChannelModel } from 'amqplib'
import type { Topology } from './topology.ts'

/** Declares everything, idempotently. The answer: whether a queue was missing, and so is young now. */
export async function declareTopology(
  model: Pick<ChannelModel, 'createChannel'>,
  { exchanges, queues, bindings }: Topology,
): Promise<boolean> {
  const isYoung = !(await allExist(
    model,
    queues.map(queue => queue.name),
  ))
  const channel = await model.createChannel()
  channel.on('error', () => undefined)
  for (const { name, type } of exchanges) await channel.assertExchange(name, type, { durable: true })
  for (const { name, arguments: args } of queues) await channel.assertQueue(name, { durable: true, arguments: args })
  for (const { queue, exchange, key } of bindings) await channel.bindQueue(queue, exchange, key)
  await channel.close()
  return isYoung
}

/** By passive declaration; the first missing queue closes the channel, which is the answer. */
async function allExist(model: Pick<ChannelModel, 'createChannel'>, names: string[]): Promise<boolean> {
  const channel = await model.createChannel()
  channel.on('error', () => undefined)
  try {
    for (const name of names) await channel.checkQueue(name)
    await channel.close()
    return true
  } catch {
    return false
  }
}
