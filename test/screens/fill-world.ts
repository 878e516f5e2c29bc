import sharp from 'sharp'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { until, type WorldClient, worldClient } from './world-client.ts'

const SALMA = '212661000101'

/** Ids of what has a page of its own. */
export interface FilledWorld {
  numberId: string
  templateId: string
  campaignId: string
  /** A message that was sent. */
  messageId: string
}

/** Beyond the demo world: what a working day leaves behind, so that pictures show more than empty lists. */
export async function fillWorld(env: Record<string, string>): Promise<FilledWorld> {
  const world = worldClient(env)
  const { ask, inbound, simulate, tokenOf } = world
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
  // Another app of the business answers her.
  await simulate('/owners', { phoneNumberId: DEMO_TENANTS.demo.phoneNumberId, from: '212661000106', owner: 'other' })
  // Somebody who cannot be reached: a message that was not delivered.
  await simulate('/people', { waId: '212661000105', failsWith: 131026 })
  const omar = await until(
    () => ask(manager, 'GET', '/conversations?q=212661000105'),
    ({ data }) => data.length > 0,
  )
  const sent = await ask(manager, 'POST', '/messages/send', {
    conversationId: omar.data[0]?.id,
    text: 'Bonjour Omar, nous avons un poste pour vous.',
  })
  await ask(manager, 'POST', '/quick-replies', {
    ...{ shortcut: 'horaires', title: 'Nos horaires', scope: 'account' },
    text: 'Bonjour {{contact.firstName}}, nous répondons de 9 h à 18 h.',
  })
  await ask(admin, 'POST', '/api-keys', { name: 'Site carrières', scopes: ['messages.send'] })
  const [number] = (await ask(admin, 'GET', '/phone-numbers')).data
  return {
    numberId: number?.id as string,
    templateId: await refusedTemplate(world, manager),
    campaignId: await campaign(world, manager),
    messageId: sent.id,
  }
}

/** A template that Meta has refused. @returns its id */
async function refusedTemplate({ ask, simulate }: WorldClient, manager: string): Promise<string> {
  const { id } = await ask(manager, 'POST', '/templates', {
    ...{ name: 'parcel_arrived', language: 'fr', category: 'UTILITY' },
    body: 'Bonjour {{1}}, profitez de nos offres : votre colis est arrivé.',
    variables: [{ position: 1, example: 'Salma' }],
  })
  const template = () => ask(manager, 'GET', `/templates/${id}`)
  await until(template, ({ status }) => status === 'APPROVED')
  await simulate('/templates/parcel_arrived/review', { status: 'REJECTED', reason: 'PROMOTIONAL' })
  await until(template, ({ status }) => status === 'REJECTED')
  return id
}

/** A campaign that was sent, with people whom it could not reach and rows that were left out. @returns its id */
async function campaign({ ask, simulate }: WorldClient, manager: string): Promise<string> {
  const people = Array.from({ length: 24 }, (_, i) => `21266120${String(i).padStart(4, '0')}`)
  await simulate('/people', { waId: people[3], failsWith: 131026 })
  const { id } = await ask(manager, 'POST', '/campaigns', {
    ...{ name: 'Offres de novembre', templateName: 'welcome', language: 'en_US' },
    recipients: ['abc', people[0], ...people].map((to, i) => ({
      to,
      name: `Personne ${i}`,
      variables: { candidateName: `Personne ${i}` },
    })),
  })
  const one = () => ask(manager, 'GET', `/campaigns/${id}`)
  await until(one, ({ audience }) => (audience as { state: string }).state === 'READY')
  await ask(manager, 'POST', `/campaigns/${id}/start`, {})
  await until(one, ({ status }) => status === 'DONE')
  return id
}

/** A picture in warm stripes: nothing is taken from anybody. */
async function picture(): Promise<string> {
  const stripes = ['#855204', '#bf730d', '#f2be62', '#04516f', '#4b92a8']
    .map((fill, i) => `<rect x="${i * 96}" width="96" height="320" fill="${fill}"/>`)
    .join('')
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="320">${stripes}</svg>`
  return (await sharp(Buffer.from(svg)).png().toBuffer()).toString('base64')
}
