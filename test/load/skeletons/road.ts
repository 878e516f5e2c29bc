import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ConsumeMessage, connect } from 'amqplib'
import express from 'express'
import mongoose, { type mongo } from 'mongoose'
import { Server } from 'socket.io'

/**
 * The road's skeleton in one process: express and HMAC, a confirmed publish, batches of at most 200 or 5 ms out of one
 * quorum queue, message and conversation stored by a bulk write each, an emission to a room, the ack.
 */
const QUEUE = 'bench.road'
const options = { ordered: false, writeConcern: { w: 'majority' as const, j: true } }
const database = mongoose.createConnection()
await database.openUri(process.env.MONGODB_URI ?? '')
const db = database.db as mongo.Db
const [messages, conversations] = [db.collection('benchMessages'), db.collection<{ _id: string }>('benchConversations')]
const url = process.env.RABBITMQ_URL ?? ''
const publishing = await (await connect(url, { noDelay: true })).createConfirmChannel()
const consuming = await (await connect(url, { noDelay: true })).createChannel()
await publishing.assertQueue(QUEUE, { arguments: { 'x-queue-type': 'quorum' } })

const app = express()
app.post('/api/v1/webhook', express.raw({ type: () => true }), (request, response) => {
  const body = request.body as Buffer
  const wanted = createHmac('sha256', process.env.META_APP_SECRET ?? '')
    .update(body)
    .digest('hex')
  if (request.headers['x-hub-signature-256'] !== `sha256=${wanted}`) return void response.writeHead(401).end()
  publishing.publish('', QUEUE, body, { persistent: true }, error => {
    response.statusCode = error ? 503 : 200
    response.end()
  })
})
const server = createServer(app)
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false })
io.on('connection', socket => {
  socket.join('tenant')
  socket.emit('session:ready')
})

const batch: ConsumeMessage[] = []
let isStoring = false
let timer: NodeJS.Timeout | null = null

function arrived(message: ConsumeMessage | null): void {
  if (message === null) return
  batch.push(message)
  if (batch.length >= 200) void store()
  else timer ??= setTimeout(store, 5)
}

async function store(): Promise<void> {
  if (timer) clearTimeout(timer)
  timer = null
  if (isStoring || batch.length === 0) return
  isStoring = true
  const own = batch.splice(0, 200)
  const rows = own.map(({ content }) => JSON.parse(content.toString()).entry[0].changes[0].value.messages[0])
  const upserts = rows.map(row => ({
    updateOne: { filter: { _id: row.from }, update: { $set: { last: row.text.body }, $inc: { messageCount: 1 } }, upsert: true },
  }))
  await Promise.all([
    messages.bulkWrite(
      rows.map(row => ({ insertOne: { document: { ...row } } })),
      options,
    ),
    conversations.bulkWrite(upserts, options),
  ])
  for (const row of rows)
    io.to('tenant').emit('message:received', { message: { text: row.text.body, from: row.from, id: row.id } })
  consuming.ack(own.at(-1) as ConsumeMessage, true)
  isStoring = false
  if (batch.length > 0) timer ??= setTimeout(store, batch.length >= 200 ? 0 : 5)
}

await consuming.prefetch(400)
await consuming.consume(QUEUE, arrived)
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('SIGTERM', async () => {
  await publishing.deleteQueue(QUEUE)
  process.exit(0)
})
