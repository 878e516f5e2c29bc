import type { NumberCall } from '../call.ts'
import { GraphError } from '../graph/errors.ts'
import { requireWhatsapp } from '../graph/required.ts'
import { objectOf } from '../params.ts'
import { conversationKey } from '../sending/conversations.ts'
import { type Recipient, recipientOf } from '../sending/recipient.ts'
import type { Simulation } from '../simulation.ts'
import { emitForNumber } from '../webhooks/emit.ts'
import type { Json, PhoneNumber, ThreadOwner } from '../world/world.ts'

const ACTIONS = ['pass', 'release', 'take']

/** `POST /{phone}/thread_control`. Passing and taking change the owner; a release tells nobody. */
export function threadControl({ sim, number, params }: NumberCall): object {
  requireWhatsapp(params)
  const action = String(params.action)
  if (!ACTIONS.includes(action)) throw new GraphError(100, { details: `Param action must be one of {${ACTIONS.join(', ')}}` })
  if ((params.to === undefined) === (params.recipient === undefined))
    throw new GraphError(100, { details: 'Exactly one of to and recipient must be given.' })
  const { key } = recipientOf(params, number, sim.world)
  if (action === 'take' && number.routing !== 'escalation')
    throw new GraphError(100, { subcode: 2494191, message: '(#100) You are not permitted to take this thread' })
  if (action !== 'take' && ownerOf(sim, number, key) === 'other')
    throw new GraphError(100, { details: 'The thread is not owned by this app.' })
  const next: Record<string, ThreadOwner> = { pass: 'other', release: 'nobody', take: 'us' }
  sim.owners.set(conversationKey(number.id, key), next[action] as ThreadOwner)
  return { messaging_product: 'whatsapp' }
}

/** Who owns a thread; we do where there is no second responder. */
export function ownerOf(sim: Simulation, { id, routing }: PhoneNumber, key: string): ThreadOwner {
  return routing === null || routing === undefined ? 'us' : (sim.owners.get(conversationKey(id, key)) ?? 'us')
}

/**
 * Refuses a service message of an app that does not own the thread; the message of the escalation partner takes the thread. Meta
 * documents no code for the refusal: 100 is this simulator's own choice.
 */
export function checkOwner({ sim, number }: NumberCall, { key }: Recipient): void {
  if (ownerOf(sim, number, key) !== 'other') return
  if (number.routing !== 'escalation')
    throw new GraphError(100, { details: 'Another responder owns this thread (simulator: the code is not documented).' })
  sim.owners.set(conversationKey(number.id, key), 'us')
}

/** Gives a thread to somebody, with the webhook of the handover. */
export function handOver(
  sim: Simulation,
  request: { phoneNumberId: string; from: string; owner: ThreadOwner; metadata?: string; withSender?: boolean },
): { success: true } {
  const number = sim.world.numbers.get(request.phoneNumberId)
  if (!number) throw new Error(`phoneNumberId ${request.phoneNumberId} is not a number of this simulator.`)
  const { key, waId } = recipientOf({ to: request.from }, number, sim.world)
  sim.owners.set(conversationKey(number.id, key), request.owner)
  if (request.owner === 'nobody') return { success: true }
  const type = request.owner === 'us' ? 'control_passed' : 'control_taken'
  const { metadata } = request
  const members: Json = {
    ...(request.withSender !== false && { sender: waId ? { phone_number: waId } : {} }),
    recipient: { phone_number_id: number.id, display_phone_number: number.digits },
    type,
    timestamp: String(Math.floor(sim.now() / 1000)),
    [type]: { previous_owner_role: 'customer_service', new_owner_role: 'escalation', ...(metadata && { metadata }) },
  }
  emitForNumber(sim, number, 'messaging_handovers', members, [{ kind: type, id: null }])
  return { success: true }
}

/** The field and the value of a message of a person: `standby` where somebody else owns the thread. */
export function fieldOf(sim: Simulation, number: PhoneNumber, key: string, value: Json): { field: string; value: Json } {
  return ownerOf(sim, number, key) === 'other'
    ? { field: 'standby', value: { standby: value } }
    : { field: 'messages', value: objectOf(value) }
}
