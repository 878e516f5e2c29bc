import { createECDH, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import ece from 'http_ece'
import type { PushText } from '#shared/contracts/push-text.ts'

/** A notification as its browser reads it. */
export interface Notified {
  endpoint: string
  headers: Record<string, string>
  /** As it stands in the message. */
  text: string
  told: PushText
}

/** A push service: it hands out subscriptions, keeps what comes for them, and answers with `status`. */
export async function startPushService() {
  const browsers = new Map<string, (body: Buffer) => string>()
  const service = { notified: [] as Notified[], status: 201, origin: '' }
  const server = createServer(async (request, response) => {
    const endpoint = `${service.origin}${request.url}`
    const text = browsers.get(endpoint)?.(await buffer(request)) ?? ''
    service.notified.push({ endpoint, headers: request.headers as Record<string, string>, text, told: JSON.parse(text) })
    response.writeHead(service.status).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  service.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(service, {
    /** What `PushSubscription.toJSON` of a new browser gives. */
    subscribe() {
      const pair = createECDH('prime256v1')
      const keys = { p256dh: pair.generateKeys('base64url'), auth: randomBytes(16).toString('base64url') }
      const endpoint = `${service.origin}/send/${randomBytes(8).toString('hex')}`
      browsers.set(endpoint, body =>
        ece.decrypt(body, { version: 'aes128gcm', privateKey: pair, authSecret: keys.auth }).toString('utf8'),
      )
      return { endpoint, keys }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  })
}
