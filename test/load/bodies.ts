import { sign } from '#shared/meta/signature.ts'
import { APP_SECRET } from './bed.ts'

/** Number of the demo world. */
export const PHONE_NUMBER_ID = '1054543651068213'

export const waIdOf = (person: number) => `2126${String(70_000_000 + person)}`

/** An inbound text as Meta sends it, about 600 bytes. `tag` makes its wamid unique. */
export function inboundBody(person: number, tag: string, phoneNumberId = PHONE_NUMBER_ID): Buffer {
  const waId = waIdOf(person)
  const message = {
    from: waId,
    from_user_id: `MA.${person}`,
    id: `wamid.${tag}`,
    timestamp: String(Math.floor(Date.now() / 1000)),
    type: 'text',
    text: { body: `Bonjour, je suis la personne ${person} : le poste est-il toujours ouvert ? (${tag})` },
  }
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '212600111222', phone_number_id: phoneNumberId },
    contacts: [{ profile: { name: `Person ${person}` }, wa_id: waId, user_id: `MA.${person}` }],
    messages: [message],
  }
  const entry = [{ id: '310200450078901', changes: [{ value, field: 'messages' }] }]
  return Buffer.from(JSON.stringify({ object: 'whatsapp_business_account', entry }))
}

/** The whole request as bytes. */
export function signedRequest(body: Buffer, path = '/api/v1/webhook'): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `x-hub-signature-256: ${sign(body, APP_SECRET)}`,
    `content-length: ${body.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}
