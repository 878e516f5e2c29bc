import { connect } from 'amqplib'
import pino from 'pino'
import { MESSAGE_TYPE } from '#shared/contracts/message-types.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { EXCHANGES, QUEUES } from '#shared/queue/topology.ts'

/**
 * What the adapter's publishing costs beside amqplib's own confirm channel: the same bytes to the same queue, in turns, in one
 * process. `RABBITMQ_URL=amqp://… node test/load/measure/publish-overhead.ts [messages] [turns]`
 */
const url = process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672'
const [messages = 40_000, turns = 3] = process.argv.slice(2).map(Number)
const WINDOW = 500
const content = Buffer.alloc(1024, 'x')
const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

interface Figures {
  perSecond: number
  cpuUs: number
}
type Publish = (i: number) => Promise<void>

/** Keeps WINDOW publishes under way until all are confirmed. */
async function measure(publish: Publish): Promise<Figures> {
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  let next = 0
  const worker = async () => {
    while (next < messages) await publish(next++)
  }
  await Promise.all(Array.from({ length: WINDOW }, worker))
  const { user, system } = process.cpuUsage(cpu)
  return { perSecond: Math.round(messages / ((performance.now() - startedAt) / 1000)), cpuUs: (user + system) / messages }
}

async function openBare() {
  const connection = await connect(url, { noDelay: true })
  const channel = await connection.createConfirmChannel()
  const publish: Publish = i =>
    new Promise((resolve, reject) => {
      const options = {
        persistent: true,
        mandatory: true,
        messageId: `m-${i}`,
        type: MESSAGE_TYPE.webhook,
        contentType: 'application/json',
        timestamp: Math.floor(Date.now() / 1000),
        headers: { 'x-linko-attempt': 1, 'x-linko-tenant': 'tenant', traceparent: trace },
      }
      channel.publish(EXCHANGES.webhook, 'conversation.0', content, options, error => (error ? reject(error) : resolve()))
    })
  return { publish, channel, [Symbol.asyncDispose]: () => connection.close() }
}

const queue = await connectQueue(url, { log: pino({ level: 'warn' }), name: 'publish-overhead' })
const bare = await openBare()
const own: Publish = i =>
  queue.publish({
    exchange: EXCHANGES.webhook,
    routingKey: 'conversation.0',
    type: MESSAGE_TYPE.webhook,
    body: content,
    messageId: `m-${i}`,
    tenantId: 'tenant',
    traceparent: trace,
  })

const ratios: number[] = []
for (let turn = 0; turn <= turns; turn++) {
  const order: [string, Publish][] = [
    ['bare', bare.publish],
    ['own', own],
  ]
  const figures: Record<string, Figures> = {}
  for (const [name, publish] of turn % 2 ? order.reverse() : order) {
    figures[name] = await measure(publish)
    await bare.channel.purgeQueue(QUEUES.conversation[0] as string)
  }
  const [a, b] = [figures.bare as Figures, figures.own as Figures]
  if (turn === 0) continue // warm-up
  ratios.push(b.perSecond / a.perSecond)
  console.log(
    `turn ${turn}: bare ${a.perSecond}/s ${a.cpuUs.toFixed(1)} µs, adapter ${b.perSecond}/s ${b.cpuUs.toFixed(1)} µs, ratio ${(b.perSecond / a.perSecond).toFixed(2)}`,
  )
}
console.log(`median ratio ${(ratios.sort((x, y) => x - y)[Math.floor(ratios.length / 2)] ?? 0).toFixed(2)}`)
await bare[Symbol.asyncDispose]()
await queue[Symbol.asyncDispose]()
