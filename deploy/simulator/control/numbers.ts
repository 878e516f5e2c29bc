import { digitsOf } from '../params.ts'
import type { Simulation } from '../simulation.ts'
import { emitForWaba } from '../webhooks/emit.ts'
import { addNumber, addToken, addWaba, displayOf } from '../world/demo.ts'
import type { AccountState, NumberState, PhoneNumber, Waba } from '../world/world.ts'

export interface NumberRequest {
  phoneNumberId: string
  wabaId?: string
  /** A token to add for this number's WABA. Its other tokens stay valid. */
  token?: string
  displayPhoneNumber?: string
  verifiedName?: string
  throughput?: number
  /** State of the number or of its account: see `STATES`. */
  state?: string
  qualityRating?: string
  nameStatus?: string
  codeVerification?: PhoneNumber['codeVerification']
  isElsewhere?: boolean
  isOnBizApp?: boolean
  pin?: string | null
  allowedRecipients?: string[] | null
  /** Conversation Routing: the app is one of several responders, or the escalation partner among them; null: the only one. */
  routing?: PhoneNumber['routing']
  portfolioId?: string
  subscribed?: boolean
  /** Also sends the webhook that Meta would send for the change. */
  notify?: boolean
}

/** Every number with its account and state. */
export function listNumbers({ world }: Simulation) {
  const data = [...world.numbers.values()].map(({ id, wabaId, digits, state, throughput }) => {
    return {
      phoneNumberId: id,
      wabaId,
      displayPhoneNumber: digits,
      state,
      accountState: world.wabas.get(wabaId)?.state,
      throughput,
    }
  })
  return { data }
}

/** States in the control API -> state of the number, or of its account. */
const STATES: Record<string, { number?: NumberState; account?: AccountState }> = {
  connected: { number: 'CONNECTED', account: 'OK' },
  unregistered: { number: 'UNREGISTERED' },
  maintenance: { number: 'MAINTENANCE' },
  deleted: { number: 'DELETED' },
  name_pending: { number: 'NAME_PENDING' },
  spam_limited: { number: 'SPAM_LIMITED' },
  bad_certificate: { number: 'BAD_CERTIFICATE' },
  replies_only: { account: 'REPLIES_ONLY' },
  restricted: { account: 'RESTRICTED' },
  locked: { account: 'LOCKED' },
  no_payment: { account: 'NO_PAYMENT' },
  misclassified: { account: 'MISCLASSIFIED' },
}

/** Adds a number, and its WABA and token if they are new, or changes an existing one. @throws Error for a wrong id or state */
export function putNumber(sim: Simulation, request: NumberRequest) {
  const { world } = sim
  const id = String(request.phoneNumberId)
  if (!/^\d{1,20}$/.test(id)) throw new Error('phoneNumberId must consist of 1 to 20 digits.')
  const known = world.numbers.get(id)
  const wabaId = request.wabaId ?? known?.wabaId ?? `3${id.slice(0, 14)}`
  if (!world.wabas.has(wabaId)) addWaba(world, { id: wabaId, ...(request.portfolioId && { portfolioId: request.portfolioId }) })
  if (!known)
    addNumber(
      world,
      { id, wabaId, digits: digitsOf(request.displayPhoneNumber ?? `2125${id.slice(-8).padStart(8, '0')}`) },
      sim.now(),
    )
  if (request.token) grantToken(sim, request.token, wabaId)
  setNumber(sim, id, request)
  const number = world.numbers.get(id) as PhoneNumber
  return {
    phoneNumberId: id,
    wabaId,
    displayPhoneNumber: number.digits,
    throughput: number.throughput,
    token: request.token ?? null,
  }
}

function grantToken({ world, now }: Simulation, token: string, wabaId: string): void {
  const known = world.tokens.get(token)
  if (!known) addToken(world, { token, wabaIds: [wabaId] }, now())
  else if (known.wabaIds && !known.wabaIds.includes(wabaId)) known.wabaIds.unshift(wabaId)
}

/** Changes a number. @throws Error for an unknown number or state */
export function setNumber(sim: Simulation, id: string, request: Partial<NumberRequest>): { success: true } {
  const number = sim.world.numbers.get(id)
  if (!number) throw new Error(`phoneNumberId ${id} is not a number of this simulator.`)
  const { displayPhoneNumber, state, throughput, subscribed } = request
  if (displayPhoneNumber !== undefined) {
    number.digits = digitsOf(displayPhoneNumber)
    number.display = displayOf(number.digits)
  }
  if (throughput !== undefined) {
    if (request.notify && throughput > number.throughput) emitThroughputUpgrade(sim, number)
    number.throughput = throughput
  }
  for (const name of [
    'verifiedName',
    'qualityRating',
    'nameStatus',
    'codeVerification',
    'isElsewhere',
    'isOnBizApp',
    'pin',
    'allowedRecipients',
    'routing',
  ] as const) {
    if (request[name] !== undefined) Object.assign(number, { [name]: request[name] })
  }
  if (request.wabaId !== undefined) moveNumber(sim, number, request.wabaId)
  const waba = sim.world.wabas.get(number.wabaId) as Waba
  if (subscribed !== undefined) waba.subscribed = subscribed
  if (state !== undefined) applyState(number, waba, state)
  if (state !== undefined && request.notify) emitAccountUpdate(sim, waba)
  return { success: true }
}

/** The number moves to another account of the simulator. */
function moveNumber({ world }: Simulation, number: PhoneNumber, wabaId: string): void {
  if (!world.wabas.has(wabaId)) throw new Error(`wabaId ${wabaId} is not an account of this simulator.`)
  number.wabaId = wabaId
}

function applyState(number: PhoneNumber, waba: Waba, name: string): void {
  const state = STATES[name.toLowerCase()]
  if (!state) throw new Error(`state must be one of ${Object.keys(STATES).join(', ')}.`)
  if (state.number) number.state = state.number
  if (state.account) waba.state = state.account
}

function emitThroughputUpgrade(sim: Simulation, { wabaId, digits }: PhoneNumber): void {
  const value = {
    display_phone_number: digits,
    event: 'THROUGHPUT_UPGRADE',
    max_daily_conversations_per_business: 'TIER_UNLIMITED',
  }
  emitForWaba(sim, wabaId, 'phone_number_quality_update', value)
}

const THREE_DAYS_S = 3 * 86_400

function emitAccountUpdate(sim: Simulation, { id, state }: Waba): void {
  if (state === 'NO_PAYMENT' || state === 'MISCLASSIFIED') return
  const expiration = Math.floor(sim.now() / 1000) + THREE_DAYS_S
  const types = [
    'RESTRICTED_BIZ_INITIATED_MESSAGING',
    ...(state === 'RESTRICTED' ? ['RESTRICTED_CUSTOMER_INITIATED_MESSAGING'] : []),
  ]
  const restriction_info = types.map(restriction_type => ({ restriction_type, expiration }))
  const date = new Date(sim.now()).toLocaleDateString('en-US', { dateStyle: 'long', timeZone: 'UTC' })
  const ban_info = { waba_ban_state: state === 'LOCKED' ? 'DISABLE' : 'REINSTATE', waba_ban_date: date }
  const value =
    state === 'RESTRICTED' || state === 'REPLIES_ONLY'
      ? { event: 'ACCOUNT_RESTRICTION', restriction_info }
      : { event: 'DISABLED_UPDATE', ban_info }
  emitForWaba(sim, id, 'account_update', value)
}

const WABA_MEMBERS = [
  'state',
  'paymentFailsLater',
  'subscribed',
  'messagingTier',
  'reviewStatus',
  'templateLimit',
  'directSend',
  'marketingElsewhere',
  'marketingMessages',
] as const

/** Changes a WABA. @throws Error for an unknown one */
export function setWaba(
  sim: Simulation,
  id: string,
  request: Partial<Pick<Waba, (typeof WABA_MEMBERS)[number]>>,
): { success: true } {
  const waba = sim.world.wabas.get(id)
  if (!waba) throw new Error(`wabaId ${id} is not an account of this simulator.`)
  for (const name of WABA_MEMBERS) {
    if (request[name] !== undefined) Object.assign(waba, { [name]: request[name] })
  }
  return { success: true }
}
