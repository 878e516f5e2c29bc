import type { AddressInfo } from 'node:net'
import express from 'express'
import { readItem } from './items.ts'
import { end, isSigned, laneOf, openBroker, openDatabase, QUEUES, ready } from './parts.ts'
import { record } from './record.ts'

/** Process 2 of the mixed skeleton: HMAC and a confirmed publish to the person's lane; and the recorder of the lanes. */
const database = await openDatabase()
const broker = await openBroker()

const BATCH = { most: 256, everyMs: 50 }
await broker.consume(QUEUES.lanes, batch => record({ ...database, broker }, batch.map(readItem)), BATCH)

const app = express()
app.post('/api/v1/webhook', express.raw({ type: () => true }), (request, response) => {
  const body = request.body as Buffer
  if (!isSigned(body, request.headers['x-hub-signature-256'])) return void response.writeHead(401).end()
  // Digits alone: a status names its recipient as the send did, with a plus.
  const waId = /"(?:from|recipient_id)":"\+?(\d+)"/.exec(body.toString('utf8'))?.[1] ?? ''
  broker.publish(laneOf(waId), body).then(() => response.end(), end)
})
const server = app.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port))
