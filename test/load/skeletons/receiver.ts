import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { connect } from 'amqplib'
import express from 'express'

/** The receiver's skeleton: express 5, raw body, HMAC, one confirmed publish on one channel; nothing else. */
const secret = process.env.META_APP_SECRET ?? ''
const queues = process.argv.slice(2)
const connection = await connect(process.env.RABBITMQ_URL ?? '', { noDelay: true })
const channel = await connection.createConfirmChannel()
const app = express()
app.disable('x-powered-by')
app.post('/api/v1/webhook', express.raw({ type: () => true, limit: '4mb' }), (request, response) => {
  const body = request.body as Buffer
  const given = Buffer.from(String(request.headers['x-hub-signature-256']).slice(7), 'hex')
  const wanted = createHmac('sha256', secret).update(body).digest()
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return void response.writeHead(401).end()
  // The signature is as good a hash as any.
  const queue = queues[(given[0] as number) % queues.length] as string
  channel.publish('', queue, body, { persistent: true, mandatory: true, contentType: 'application/json' }, error => {
    response.statusCode = error ? 503 : 200
    response.end()
  })
})
const server = app.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('SIGTERM', () => process.exit(0))
