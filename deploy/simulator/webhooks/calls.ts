import { randomBytes } from 'node:crypto'
import { conversationKey, openServiceWindow } from '../sending/conversations.ts'
import { contactOf } from '../sending/recipient.ts'
import type { Simulation } from '../simulation.ts'
import { userIdFor } from '../world/ids.ts'
import type { Json, Waba } from '../world/world.ts'
import { emitForNumber } from './emit.ts'
import { type PersonOfRequest, rememberPerson, timeOf } from './inbound.ts'

export interface CallRequest extends PersonOfRequest {
  phoneNumberId: string
  /** How the call ends; `completed` by default. Nobody takes a `missed` one. */
  outcome?: 'completed' | 'missed'
  /** Seconds of conversation of a completed call; 60 by default. */
  durationS?: number
  /** When the person began to call; now by default. Unix seconds, milliseconds, or an ISO date. */
  timestamp?: string | number
}

/** How long it rings before somebody takes a call, in ms. */
const RINGING_MS = 5000

/** A person calls a number: emits the webhooks of its beginning and its end, and opens the window. @throws Error for an unknown number */
export function receiveCall(sim: Simulation, request: CallRequest): { id: string; deliveryIds: string[] } {
  const { outcome = 'completed', durationS = 60 } = request
  const number = sim.world.numbers.get(String(request.phoneNumberId))
  if (!number) throw new Error(`phoneNumberId ${request.phoneNumberId} is not a number of this simulator.`)
  if (outcome !== 'completed' && outcome !== 'missed') throw new Error('outcome must be completed or missed.')
  const { portfolioId } = sim.world.wabas.get(number.wabaId) as Waba
  const person = rememberPerson(sim, request, portfolioId)
  const { waId } = person
  const userId = person.userId ?? (waId ? userIdFor(portfolioId, waId) : null)
  const startedAt = timeOf(request.timestamp, sim.now()) + RINGING_MS
  const endedAt = startedAt + durationS * 1000
  const id = `wacid.${randomBytes(16).toString('base64url')}`
  const from = { ...(waId && { from: waId }), ...(userId && { from_user_id: userId }), to: number.digits }
  const emit = (event: string, at: number, more: Json) => {
    const call = { id, event, timestamp: seconds(at), direction: 'USER_INITIATED', ...from, ...more }
    const members = { contacts: [contactOf(person, portfolioId, person)], calls: [call] }
    return emitForNumber(sim, number, 'calls', members, [{ kind: 'call', id, status: event }])
  }
  const calledAt = startedAt - RINGING_MS
  const key = conversationKey(number.id, waId ?? (userId as string))
  openServiceWindow(sim.world.conversations, key, { type: 'call', at: calledAt, fromAd: false })
  const taken = { status: 'COMPLETED', start_time: seconds(startedAt), end_time: seconds(endedAt), duration: durationS }
  const deliveryIds = [
    emit('connect', calledAt, { session: { sdp_type: 'offer', sdp: 'v=0\r\n' } }),
    outcome === 'completed' ? emit('terminate', endedAt, taken) : emit('terminate', startedAt, { status: 'FAILED' }),
  ]
  return { id, deliveryIds }
}

const seconds = (at: number) => String(Math.floor(at / 1000))
