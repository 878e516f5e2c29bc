import { DEMO_HISTORY } from '../../demo/history.ts'
import { DEMO_CONTACTS, DEMO_TEMPLATES, DEMO_TENANTS } from '../../demo/world.ts'
import { conversationKey, openServiceWindow } from '../sending/conversations.ts'
import { objectId } from './ids.ts'
import type { Json, PhoneNumber, Template, Token, Waba, World } from './world.ts'

const DAY_MS = 86_400_000
export const TOKEN_SCOPES = ['whatsapp_business_management', 'whatsapp_business_messaging', 'public_profile']

/** The account of the numbers that no tenant has connected yet, for the OAuth dialog. */
const SPARE = { wabaId: '330300670099887', portfolioId: '701223344556677', name: 'Sahara Emploi' }

/** An account of the same business that has no number yet. */
const EMPTY = { wabaId: '330300670099888', name: 'Sahara Boutique WABA' }

/**
 * Adds the demo's tenants with their tokens and templates, the coexistence number, two numbers that can be connected, and
 * an account without a number.
 */
export function addDemoWorld(world: World, now: number): void {
  for (const tenant of Object.values(DEMO_TENANTS)) {
    addWaba(world, { id: tenant.wabaId, portfolioId: tenant.portfolioId, name: `${tenant.name} WABA` })
    addNumber(
      world,
      { id: tenant.phoneNumberId, wabaId: tenant.wabaId, digits: tenant.whatsappNumber, verifiedName: tenant.name },
      now,
    )
    addToken(world, { token: tenant.accessToken, wabaIds: [tenant.wabaId] }, now)
    if (tenant === DEMO_TENANTS.demo) for (const template of DEMO_TEMPLATES) addDemoTemplate(world, tenant.wabaId, template, now)
  }
  const coexistence = { id: '1054543651069001', wabaId: DEMO_TENANTS.demo.wabaId, digits: '212600111333', isOnBizApp: true }
  addNumber(world, { ...coexistence, verifiedName: 'Atlas Recrutement Rabat', throughput: 20 }, now)
  addWaba(world, { id: SPARE.wabaId, portfolioId: SPARE.portfolioId, name: `${SPARE.name} WABA`, subscribed: false })
  const spare = { wabaId: SPARE.wabaId, verifiedName: SPARE.name, state: 'UNREGISTERED' } as const
  addNumber(world, { ...spare, id: '3054543651068213', digits: '212528990011' }, now)
  addNumber(world, { ...spare, id: '3054543651068214', digits: '212528990012' }, now)
  addWaba(world, { id: EMPTY.wabaId, portfolioId: SPARE.portfolioId, name: EMPTY.name, subscribed: false })
  openDemoWindows(world, now)
  for (const { waId, userId, name, username } of DEMO_CONTACTS) {
    world.people.set(waId, { waId, userId, name, username, failsWith: null, optedOutOf: new Set() })
  }
}

/** Opens the windows that the seeded conversations have. */
function openDemoWindows(world: World, now: number): void {
  for (const { tenant, waId, messages } of DEMO_HISTORY) {
    const key = conversationKey(DEMO_TENANTS[tenant].phoneNumberId, waId)
    for (const { direction, minutesAgo } of messages) {
      if (direction === 'INBOUND')
        openServiceWindow(world.conversations, key, { type: 'text', at: now - minutesAgo * 60_000, fromAd: false })
    }
  }
}

export function addWaba(world: World, waba: Partial<Waba> & { id: string }): Waba {
  const added: Waba = {
    portfolioId: `70${waba.id.slice(-13)}`,
    name: `WABA ${waba.id}`,
    currency: 'USD',
    timezoneId: '71',
    country: 'MA',
    namespace: `5f0a1c2e_9d11_4f5e_8a01_${waba.id.slice(-12).padStart(12, '0')}`,
    reviewStatus: 'APPROVED',
    messagingTier: 'TIER_2K',
    state: 'OK',
    paymentFailsLater: false,
    subscribed: true,
    override: null,
    templateLimit: 250,
    deletedTemplates: new Map(),
    ...waba,
  }
  world.wabas.set(added.id, added)
  return added
}

export function addNumber(
  world: World,
  number: Partial<PhoneNumber> & { id: string; wabaId: string; digits: string },
  now: number,
) {
  const added: PhoneNumber = {
    display: displayOf(number.digits),
    verifiedName: `Number ${number.digits.slice(-4)}`,
    nameStatus: 'APPROVED',
    qualityRating: 'GREEN',
    codeVerification: 'VERIFIED',
    isElsewhere: false,
    state: 'CONNECTED',
    throughput: 80,
    isOnBizApp: false,
    onboardedAt: now,
    pin: null,
    wrongPins: 0,
    registerCalls: [],
    deregisterCalls: [],
    requestedCode: false,
    override: null,
    profile: { about: '', vertical: 'PROF_SERVICES', websites: [] },
    username: null,
    shortLinks: new Map(),
    automation: {},
    blocked: new Set(),
    synced: new Set(),
    allowedRecipients: null,
    ...number,
  }
  world.numbers.set(added.id, added)
  return added
}

/** Adds a token like one from the code exchange: for the WABAs given, and valid for 60 days by default. */
export function addToken(world: World, token: Partial<Token> & { token: string }, now: number): Token {
  const added: Token = {
    type: 'SYSTEM_USER',
    wabaIds: [],
    scopes: TOKEN_SCOPES,
    issuedAt: now,
    expiresAt: now + 60 * DAY_MS,
    refused: null,
    userId: '122100000099887',
    ...token,
  }
  world.tokens.set(added.token, added)
  return added
}

export function addTemplate(world: World, template: Partial<Template> & { wabaId: string; name: string }, now: number): Template {
  const added: Template = {
    id: objectId(),
    language: 'en_US',
    status: 'APPROVED',
    category: 'UTILITY',
    previousCategory: null,
    parameterFormat: 'POSITIONAL',
    components: [],
    rejectedReason: null,
    quality: { score: 'UNKNOWN', date: Math.floor(now / 1000) },
    createdAt: now,
    edits: [],
    pauses: 0,
    pacing: false,
    ttlSeconds: null,
    ...template,
  }
  world.templates.set(added.id, added)
  return added
}

function addDemoTemplate(world: World, wabaId: string, demo: (typeof DEMO_TEMPLATES)[number], now: number): void {
  const body: Json = { type: 'BODY', text: demo.body, example: { body_text: [demo.variables.map(({ example }) => example)] } }
  const { name, language, category, metaTemplateId: id } = demo
  addTemplate(
    world,
    { id, wabaId, name, language, category, components: [body], quality: { score: 'GREEN', date: Math.floor(now / 1000) } },
    now,
  )
}

/** `212600111222` -> `+212 600-111222`, the form in which Meta shows numbers. */
export function displayOf(digits: string): string {
  const national = digits.slice(-9)
  return `+${digits.slice(0, -9)} ${national.slice(0, 3)}-${national.slice(3)}`
}
