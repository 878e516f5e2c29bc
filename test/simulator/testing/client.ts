import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import type { Json } from '#deploy/simulator/world/world.ts'

export const PHONE = DEMO_TENANTS.demo.phoneNumberId
export const TOKEN = DEMO_TENANTS.demo.accessToken
export const WABA = DEMO_TENANTS.demo.wabaId

interface Answer {
  status: number
  body: Json & { error?: { code: number; error_subcode?: number; message: string; error_data?: { details: string } } }
  headers: Headers
}

/** Calls the simulated Graph API. */
export async function graph(
  { url }: { url: string },
  method: string,
  path: string,
  body?: unknown,
  token: string | null = TOKEN,
): Promise<Answer> {
  const answer = await fetch(`${url}/v25.0${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : { text } }
}

export const textTo = (to: string, members: Json = {}): Json => ({
  messaging_product: 'whatsapp',
  to,
  type: 'text',
  text: { body: 'Bonjour' },
  ...members,
})

export const templateTo = (to: string, name = 'welcome', language = 'en_US', texts = ['Salma']): Json => ({
  messaging_product: 'whatsapp',
  to,
  type: 'template',
  template: {
    name,
    language: { code: language },
    components: [{ type: 'body', parameters: texts.map(text => ({ type: 'text', text })) }],
  },
})

export const send = (simulator: { url: string }, body: Json, phone = PHONE) =>
  graph(simulator, 'POST', `/${phone}/messages`, body)
export const idOf = ({ body }: Answer) => ((body.messages as Json[])[0] as Json).id as string

/** Calls the control API. */
export async function control({ url }: { url: string }, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${url}/_sim${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) })
  return { status: answer.status, body: (await answer.json()) as Json }
}
