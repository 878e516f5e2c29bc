import type { Simulator } from '#deploy/simulator/simulator.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { addNumber, addTemplate, addToken, addWaba } from '#deploy/simulator/world/demo.ts'
import type { Json, Template } from '#deploy/simulator/world/world.ts'

export const TENANT_TOKEN = 'EAAFixtureTenantAToken'
export const APP = { appId: '918273645500112', appSecret: 'fixture-app-secret-not-real', appName: 'Linko Sim' }
export const PHONE = '1054543651068213'
export const COEXISTENCE = '1054543651069001'
export const WABA = '310200450078901'
export const INBOUND_ID = 'wamid.HBgMMjEyNjYxMDAwMTAxFQIAEhgUM0E3RDM5MkU5MTc4MEVCNDA5RDMA'

const SIXTY_DAYS_MS = 60 * 86_400_000
const text = (body: string, ...names: string[]): Json => ({
  type: 'BODY',
  text: body,
  ...(names.length > 0 && { example: { body_text: [names] } }),
})

/** Templates of the send fixtures. */
const TEMPLATES: (Partial<Template> & { name: string })[] = [
  {
    id: '880011002200331',
    name: 'application_received',
    components: [
      { type: 'HEADER', format: 'TEXT', text: 'Candidature' },
      text('Bonjour {{1}}, votre candidature pour {{2}} est bien reçue. À bientôt.', 'Salma', 'Développeur PHP'),
      { type: 'FOOTER', text: 'Atlas Recrutement' },
      { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Merci' }] },
    ],
    quality: { score: 'GREEN', date: 1795078800 },
  },
  {
    id: '880011002200332',
    name: 'interview_invite',
    parameterFormat: 'NAMED',
    components: [
      { type: 'HEADER', format: 'TEXT', text: 'Chez {{company}}' },
      text('Bonjour {{first_name}}, entretien {{interview_day}} chez nous.'),
    ],
  },
  {
    id: '880011002200333',
    name: 'job_opportunity',
    category: 'MARKETING',
    components: [text('Bonjour {{1}}, le poste {{2}} est ouvert à {{3}} cette semaine.', 'Salma', 'PHP', 'Rabat')],
  },
  { name: 'hello_world', language: 'en_US', components: [text('Hello')] },
  {
    name: 'login_code',
    category: 'AUTHENTICATION',
    components: [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copier' }] }],
  },
  {
    name: 'promo_formation',
    category: 'MARKETING',
    components: [
      text('Bonjour {{1}}, profitez.', 'Salma'),
      { type: 'BUTTONS', buttons: [{ type: 'COPY_CODE', example: 'ATLAS20' }] },
    ],
  },
  { name: 'interview_place', components: [{ type: 'HEADER', format: 'LOCATION' }, text('Rendez-vous {{1}} ici.', 'lundi')] },
]

/** Components of `job_opportunity` in the media fixture. */
export const RICH_JOB_OPPORTUNITY: Json[] = [
  { type: 'HEADER', format: 'IMAGE' },
  text('Bonjour {{1}}, le poste {{2}} est ouvert à {{3}} cette semaine.', 'Salma', 'PHP', 'Rabat'),
  {
    type: 'BUTTONS',
    buttons: [
      { type: 'QUICK_REPLY', text: 'Je suis intéressé' },
      { type: 'URL', text: 'Voir', url: 'https://atlas.example/jobs/{{1}}' },
    ],
  },
]

const MEDIA = {
  '4099230658047087': 'image/jpeg',
  '3473377746432111': 'image/jpeg',
  '2780998476399272': 'audio/ogg',
  '4488006386738667': 'application/pdf',
  '2671126686531290': 'video/mp4',
  '4149035613684370': 'image/webp',
}

/** A simulator with the world of the Graph fixtures: tenant A with numbers, tenant B without one. */
export async function createFixtureSimulator(): Promise<Simulator> {
  const simulator = await createSimulator({ ...APP, demo: false, webhookUrl: 'http://127.0.0.1:9/webhook', reviewMs: 60_000 })
  const { world } = simulator.sim
  const now = Date.now()
  addWaba(world, { id: WABA, portfolioId: '700112233445566', name: 'Atlas Recrutement WABA' })
  addWaba(world, { id: '320900560012345', portfolioId: '700998877665544', name: 'Rif Talents WABA', currency: 'EUR' })
  addNumber(world, { id: PHONE, wabaId: WABA, digits: '212600111222', verifiedName: 'Atlas Recrutement' }, now)
  addNumber(
    world,
    { id: COEXISTENCE, wabaId: WABA, digits: '212600111333', verifiedName: 'Atlas Recrutement Rabat', isOnBizApp: true },
    now - 1000,
  )
  addToken(world, { token: TENANT_TOKEN, wabaIds: [WABA], expiresAt: now + SIXTY_DAYS_MS }, now)
  for (const template of TEMPLATES) addTemplate(world, { language: 'fr', ...template, wabaId: WABA }, now)
  for (const [id, mimeType] of Object.entries(MEDIA)) simulator.media({ id, mimeType, phoneNumberId: PHONE })
  world.inbound.set(INBOUND_ID, { phoneNumberId: PHONE, at: now })
  return simulator
}
