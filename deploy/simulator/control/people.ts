import { digitsOf, textOf } from '../params.ts'
import { conversationKey, WINDOW_MS } from '../sending/conversations.ts'
import { waIdOf } from '../sending/recipient.ts'
import type { Simulation } from '../simulation.ts'
import { emitForNumber } from '../webhooks/emit.ts'
import { userIdFor } from '../world/ids.ts'
import type { Person, PhoneNumber, Waba } from '../world/world.ts'

export interface PersonRequest {
  waId?: string
  userId?: string
  name?: string
  username?: string
  /** Sends to this person are accepted and then fail with this code; null ends that. */
  failsWith?: number | null
  /** The person stops (true) or resumes (false) marketing messages of the business that owns `phoneNumberId`, or of all. */
  optOut?: boolean
  /** With `optOut`: the webhook `user_preferences` goes to this number. */
  phoneNumberId?: string
}

/** Adds a person, or changes their names and how sends to them end. @throws Error when neither phone nor id is given */
export function setPerson(sim: Simulation, request: PersonRequest): { success: true } {
  const waId = textOf(request.waId) ? waIdOf(digitsOf(request.waId)) : null
  const key = waId ?? request.userId
  if (!key) throw new Error('waId or userId must be given.')
  const person: Person = sim.world.people.get(key) ?? {
    waId,
    userId: null,
    name: null,
    username: null,
    failsWith: null,
    optedOutOf: new Set(),
  }
  for (const name of ['userId', 'name', 'username', 'failsWith'] as const) {
    if (request[name] !== undefined) Object.assign(person, { [name]: request[name] })
  }
  for (const id of [waId, person.userId]) if (id) sim.world.people.set(id, person)
  if (request.optOut !== undefined) setOptOut(sim, person, request.optOut, request.phoneNumberId)
  return { success: true }
}

function setOptOut(sim: Simulation, person: Person, stops: boolean, phoneNumberId: string | undefined): void {
  const numbers = [...sim.world.numbers.values()].filter(({ id }) => phoneNumberId === undefined || id === phoneNumberId)
  const changed = new Set<string>()
  for (const number of numbers) {
    const { portfolioId } = sim.world.wabas.get(number.wabaId) as Waba
    if (changed.has(portfolioId)) continue
    changed.add(portfolioId)
    if (stops) person.optedOutOf.add(portfolioId)
    else person.optedOutOf.delete(portfolioId)
    if (phoneNumberId !== undefined) emitPreference(sim, person, number, portfolioId, stops)
  }
}

function emitPreference(sim: Simulation, person: Person, number: PhoneNumber, portfolioId: string, stops: boolean): void {
  const userId = person.userId ?? (person.waId ? userIdFor(portfolioId, person.waId) : undefined)
  const ids = { ...(person.waId && { wa_id: person.waId }), user_id: userId }
  const preference = {
    ...ids,
    detail: `User requested to ${stops ? 'stop' : 'resume'} marketing messages`,
    category: 'marketing_messages',
    value: stops ? 'stop' : 'resume',
    timestamp: Math.floor(sim.now() / 1000),
  }
  const members = { contacts: [{ profile: { name: person.name }, ...ids }], user_preferences: [preference] }
  emitForNumber(sim, number, 'user_preferences', members, [{ kind: 'user_preferences', id: null, status: preference.value }])
}

/** Opens or closes the customer service window between a number and a person without a message. */
export function setWindow(
  sim: Simulation,
  request: { phoneNumberId: string; from: string; open: boolean; until?: string | number },
) {
  const person = /[A-Z]/.test(request.from) ? request.from : waIdOf(digitsOf(request.from))
  const key = conversationKey(request.phoneNumberId, person)
  const conversation = sim.world.conversations.get(key) ?? {
    windowUntil: 0,
    lastInboundAt: 0,
    adClickAt: null,
    freeEntryUntil: 0,
  }
  const until = request.until === undefined ? sim.now() + WINDOW_MS : new Date(request.until).getTime()
  sim.world.conversations.set(key, { ...conversation, windowUntil: request.open ? until : 0 })
  return { windowUntil: request.open ? new Date(until).toISOString() : null }
}
