import sharp from 'sharp'
import { DEMO_TENANTS, DEMO_USERS } from '#deploy/demo/world.ts'

const { phoneNumberId } = DEMO_TENANTS.demo
const SALMA = '212661000101'

/** Beyond the demo world: what a working day leaves behind, so that pictures show more than empty lists. */
export async function fillWorld({ BASE_URL, META_GRAPH_URL }: Record<string, string>): Promise<void> {
  const manager = await tokenOf('manager')
  const admin = await tokenOf('tenant_admin')
  for (const [name, color] of [
    ['Interview', '#bf730d'],
    ['comptabilité', '#04516f'],
    ['logistique', '#1f6a3b'],
  ])
    await ask(manager, 'POST', '/labels', { name, color })
  const { data } = await ask(manager, 'GET', `/conversations?q=${SALMA}`)
  const conversation = data[0] as { id: string; contact: { id: string } }
  await ask(manager, 'PATCH', `/conversations/${conversation.id}/labels`, { add: ['Interview'] })
  await ask(manager, 'PATCH', `/contacts/${conversation.contact.id}`, { attributes: { city: 'Rabat', experience: 4 } })
  await ask(manager, 'POST', `/conversations/${conversation.id}/notes`, { text: 'Préfère être appelée après 17 h.' })
  await ask(manager, 'POST', '/views', {
    name: 'Interview, unread',
    scope: 'account',
    query: { label: 'Interview', unread: true },
  })
  await ask(admin, 'POST', '/users', { name: 'Nadia Tazi', email: 'nadia@example.com', role: 'agent' })

  await inbound(SALMA, { type: 'image', image: { mime_type: 'image/png', data: await picture(), caption: 'Mon diplôme' } })
  await inbound(SALMA, {
    type: 'document',
    document: {
      mime_type: 'application/pdf',
      data: Buffer.from('%PDF-1.4').toString('base64'),
      filename: 'CV Salma Idrissi.pdf',
    },
  })
  await inbound(SALMA, 'شكراً جزيلاً، أراكم يوم الخميس على الساعة 10:00')
  await inbound('212661000105', 'Bonjour, je cherche un poste de chauffeur à Casablanca.', 'Omar Fassi')
  await inbound('212661000106', 'السلام عليكم، هل ما زالت الوظيفة متاحة؟', 'هند برادة')
  // Somebody who cannot be reached: a message that was not delivered.
  await simulate('/people', { waId: '212661000105', failsWith: 131026 })
  const omar = await untilFound('212661000105')
  await ask(manager, 'POST', '/messages/send', { conversationId: omar, text: 'Bonjour Omar, nous avons un poste pour vous.' })

  async function tokenOf(role: string): Promise<string> {
    const user = DEMO_USERS.find(one => one.role === role)
    const { accessToken } = await ask(null, 'POST', '/auth/login', { email: user?.email, password: user?.password })
    return accessToken as string
  }

  async function ask(token: string | null, method: string, path: string, body?: object) {
    const response = await fetch(`${BASE_URL}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Record<string, unknown> & { data: { id: string }[] }
  }

  async function simulate(path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${META_GRAPH_URL}/_sim${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }

  async function inbound(from: string, message: string | object, name?: string): Promise<void> {
    await simulate('/inbound', { phoneNumberId, from, message, ...(name && { name }) })
  }

  async function untilFound(waId: string): Promise<string> {
    for (;;) {
      const { data: found } = await ask(manager, 'GET', `/conversations?q=${waId}`)
      if (found[0]) return found[0].id
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  }
}

/** A picture in warm stripes: nothing is taken from anybody. */
async function picture(): Promise<string> {
  const stripes = ['#855204', '#bf730d', '#f2be62', '#04516f', '#4b92a8']
    .map((fill, i) => `<rect x="${i * 96}" width="96" height="320" fill="${fill}"/>`)
    .join('')
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="320">${stripes}</svg>`
  return (await sharp(Buffer.from(svg)).png().toBuffer()).toString('base64')
}
