import { type NumberCall, SUCCESS } from '../call.ts'
import { isText, textOf } from '../params.ts'
import { emitForNumber, emitForWaba } from '../webhooks/emit.ts'
import { conversationId, wamid } from '../world/ids.ts'
import type { PhoneNumber } from '../world/world.ts'
import { GraphError } from './errors.ts'
import { requireWhatsapp } from './required.ts'

const CALLS_MAX = 10
const CALLS_MS = 72 * 3_600_000
const MAX_WRONG_PINS = 5
const SYNC_MS = 24 * 3_600_000

/** `POST /{phone}/register`: the first PIN becomes the number's PIN; later calls must match it. */
export function register({ sim, number, params }: NumberCall): object {
  requireWhatsapp(params)
  const pin = pinOf(params.pin)
  number.registerCalls = countCall(number.registerCalls, sim.now())
  if (number.isElsewhere) throw new GraphError(133000)
  if (number.codeVerification !== 'VERIFIED') throw new GraphError(133006)
  checkPin(number, pin)
  number.state = 'CONNECTED'
  return SUCCESS
}

/** `POST /{phone}/deregister`: refused for numbers that are also used in the WhatsApp Business app. */
export function deregister({ sim, number }: NumberCall): object {
  if (number.isOnBizApp) {
    throw new GraphError(100, { message: 'Deregister endpoint is not available for API solution for SMB businesses.' })
  }
  number.deregisterCalls = countCall(number.deregisterCalls, sim.now())
  number.state = 'UNREGISTERED'
  return SUCCESS
}

/** `POST /{phone}` with `pin`: sets the PIN of two-step verification. */
export function setPin({ sim, number, params }: NumberCall): object {
  number.pin = pinOf(params.pin)
  number.wrongPins = 0
  emitForWaba(sim, number.wabaId, 'security', { display_phone_number: number.digits, event: 'PIN_CHANGED' })
  return SUCCESS
}

/** `POST /{phone}/request_code`: sends no SMS. Every code of six digits but 111111 is right afterwards. */
export function requestCode({ number, params }: NumberCall): object {
  if (!isText(params.code_method) || !/^(SMS|VOICE)$/i.test(params.code_method)) {
    throw new GraphError(100, { details: 'Param code_method must be one of {SMS, VOICE}' })
  }
  if (textOf(params.language) === undefined) throw new GraphError(100, { details: 'The parameter language is required.' })
  number.requestedCode = true
  return SUCCESS
}

/** `POST /{phone}/verify_code`. */
export function verifyCode({ number, params }: NumberCall): object {
  const code = String(params.code ?? '').replaceAll('-', '')
  if (!/^\d{6}$/.test(code) || code === '111111') {
    throw new GraphError(136025, { message: '(#136025) The verification code you entered is invalid', status: 400 })
  }
  number.codeVerification = 'VERIFIED'
  number.requestedCode = false
  return SUCCESS
}

/** `POST /{phone}/smb_app_data`: emits contacts or history of a coexistence number, once each, within 24 h of onboarding. */
export function syncAppData({ sim, number, params }: NumberCall): object {
  requireWhatsapp(params)
  const type = params.sync_type
  if (type !== 'smb_app_state_sync' && type !== 'history') {
    throw new GraphError(100, { details: 'Param sync_type must be one of {smb_app_state_sync, history}' })
  }
  if (!number.isOnBizApp) throw new GraphError(100, { details: 'The phone number is not used with the WhatsApp Business app.' })
  if (number.synced.has(type)) throw new GraphError(2593107, { status: 400 })
  if (sim.now() - number.onboardedAt > SYNC_MS) throw new GraphError(2593108, { status: 400 })
  number.synced.add(type)
  sim.schedule(100, () => sendAppData({ sim, number }, type))
  return { messaging_product: 'whatsapp', request_id: `REQ-${conversationId(`${number.id}:${type}`)}` }
}

function sendAppData({ sim, number }: Pick<NumberCall, 'sim' | 'number'>, type: 'smb_app_state_sync' | 'history'): void {
  const people = [...sim.world.people.values()].filter(({ waId }) => waId !== null).slice(0, 20)
  const timestamp = String(Math.floor(sim.now() / 1000))
  if (type === 'smb_app_state_sync') {
    const state_sync = people.map(({ name, waId }) => ({
      type: 'contact',
      contact: { full_name: name, first_name: name?.split(' ')[0], phone_number: waId },
      action: 'add',
      metadata: { timestamp },
    }))
    emitForNumber(sim, number, type, { state_sync }, [{ kind: type, id: null }])
    return
  }
  const threads = people.map(({ waId }) => ({ id: waId, messages: pastMessages(number, waId as string, sim.now()) }))
  const metadata = { phase: 0, chunk_order: 1, progress: 100 }
  emitForNumber(sim, number, type, { history: [{ metadata, threads }] }, [{ kind: type, id: null }])
}

/** Two messages from before the number was connected. */
function pastMessages(number: PhoneNumber, waId: string, now: number) {
  const at = (hoursAgo: number) => String(Math.floor((now - hoursAgo * 3_600_000) / 1000))
  const text = (body: string) => ({ type: 'text', text: { body }, history_context: { status: 'READ' } })
  return [
    { from: number.digits, to: waId, id: wamid(waId, 'outbound'), timestamp: at(50), ...text('Bonjour') },
    { from: waId, id: wamid(waId, 'inbound'), timestamp: at(49), ...text('Merci !') },
  ]
}

function pinOf(pin: unknown): string {
  const text = typeof pin === 'number' ? String(pin) : pin
  if (!isText(text)) throw new GraphError(100, { message: '(#100) The parameter pin is required.' })
  if (!/^\d{6}$/.test(text)) throw new GraphError(100, { message: '(#100) Param pin must be 6 characters long.' })
  return text
}

function checkPin(number: PhoneNumber, pin: string): void {
  if (number.wrongPins >= MAX_WRONG_PINS) throw new GraphError(133008)
  if (number.pin !== null && number.pin !== pin) {
    number.wrongPins++
    throw new GraphError(133005)
  }
  number.pin = pin
  number.wrongPins = 0
}

/** Adds a call to those of the last 72 h. @throws GraphError 133016 for the eleventh */
function countCall(calls: number[], now: number): number[] {
  const recent = calls.filter(at => now - at < CALLS_MS)
  if (recent.length >= CALLS_MAX) throw new GraphError(133016)
  return [...recent, now]
}
