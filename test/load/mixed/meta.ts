import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, request } from 'undici'
import { sign } from '#shared/meta/signature.ts'
import { APP_SECRET } from '../bed.ts'

/** Meta for one contestant: accepts every send and reports `sent`, `delivered` and `read`, one webhook each. */
const dispatcher = new Agent({ connections: 16 })
let ingestUrl = ''
let accepted = 0

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = []
  incoming.on('data', chunk => chunks.push(chunk))
  incoming.on('end', () => {
    // Checks of numbers and tokens, lists of templates: an empty answer changes nothing.
    if (incoming.method !== 'POST') return void response.end('{"data":[]}')
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (body.status === 'read') return void response.end('{"success":true}')
    const wamid = `wamid.out${process.pid}x${++accepted}`
    const contacts = [{ input: body.to, wa_id: body.to }]
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ messaging_product: 'whatsapp', contacts, messages: [{ id: wamid }] }))
    const phoneNumberId = incoming.url?.split('/').at(-2) ?? ''
    const report = { id: wamid, recipient_id: body.to, biz_opaque_callback_data: body.biz_opaque_callback_data }
    ;['sent', 'delivered', 'read'].forEach((status, i) => {
      setTimeout(() => void post(phoneNumberId, { ...report, status }), 20 + i * 150)
    })
  })
})

async function post(phoneNumberId: string, report: object): Promise<void> {
  const status = { ...report, timestamp: String(Math.floor(Date.now() / 1000)) }
  const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, statuses: [status] }
  const entry = [{ id: '1', changes: [{ field: 'messages', value }] }]
  const body = JSON.stringify({ object: 'whatsapp_business_account', entry })
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(Buffer.from(body), APP_SECRET) }
  // A report that is lost is a message that never is READ, which the turn waits for in vain, and says so.
  const answer = await request(ingestUrl, { method: 'POST', body, headers, dispatcher }).catch(() => null)
  await answer?.body.dump()
}

process.on('message', (job: { ingestUrl: string }) => {
  ingestUrl = job.ingestUrl
  process.send?.({})
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('SIGTERM', () => process.exit(0))
