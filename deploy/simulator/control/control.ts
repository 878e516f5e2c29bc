import type { DeliveryRules, Rules } from '../rules.ts'
import type { Simulation } from '../simulation.ts'
import { handOver } from '../threads/control.ts'
import { addGroup, suspendGroup } from '../threads/groups.ts'
import { type CallRequest, receiveCall } from '../webhooks/calls.ts'
import type { Delivery } from '../webhooks/delivery.ts'
import { type EchoRequest, echoFromApp, type InboundRequest, receiveInbound } from '../webhooks/inbound.ts'
import { type RawOptions, receiveRaw } from '../webhooks/raw.ts'
import { addTemplate } from '../world/demo.ts'
import type { SentMessage, Template } from '../world/world.ts'
import type { Fault, FaultEffect } from './faults.ts'
import { addMedia, listMedia, type MediaRequest } from './media.ts'
import { listNumbers, type NumberRequest, putNumber, setNumber, setWaba } from './numbers.ts'
import { type PersonRequest, setPerson, setWindow } from './people.ts'
import { type ReviewRequest, reviewTemplate, setPacing } from './review.ts'
import { issueCode, listTokens, putToken, refuseToken, type TokenRequest } from './tokens.ts'

export interface MessageFilter {
  phoneNumberId?: string
  to?: string
  callbackData?: string
  /** Milliseconds since 1970. */
  sinceAt?: number
  /** Only the newest ones. */
  limit?: number
}

export interface WebhookFilter {
  state?: string
  id?: string
  /** Id of a message or status in the webhook. */
  itemId?: string
  phoneNumberId?: string
  sinceAt?: number
  limit?: number
}

export type Control = ReturnType<typeof createControl>

/** The functions behind `/_sim`, by which a test or an operator controls the simulated Meta. */
export function createControl(sim: Simulation) {
  return {
    inbound: (request: InboundRequest) => receiveInbound(sim, request),
    call: (request: CallRequest) => receiveCall(sim, request),
    echo: (request: EchoRequest) => echoFromApp(sim, request),
    webhook: (raw: string | Buffer, options: RawOptions = {}) => receiveRaw(sim, raw, options),
    messages: (filter: MessageFilter = {}) => listMessages(sim, filter),
    reads: () => ({ data: [...sim.world.reads].map(read => ({ ...read, at: new Date(read.at).toISOString() })) }),
    webhooks: (filter: WebhookFilter = {}) => listWebhooks(sim, filter),
    calls: (filter: CallFilter = {}) => listCalls(sim, filter),
    faults: (faults: FaultRequest[]) => sim.faults.set(faults.map(faultOf)),
    listFaults: () => ({ data: sim.faults.list() }),
    delivery: (rules: Partial<DeliveryRules> & { retrySpeed?: number }) => setDelivery(sim, rules),
    rules: (rules: Partial<Rules>) => Object.assign(sim.rules, checked(sim.rules, rules)),
    review: (id: string, request: ReviewRequest) => reviewTemplate(sim, id, request),
    pacing: (id: string, isPaced: boolean) => setPacing(sim, id, isPaced),
    template: (template: Partial<Template> & { wabaId: string; name: string }) => addTemplate(sim.world, template, sim.now()),
    media: (request: MediaRequest) => addMedia(sim, request),
    listMedia: () => listMedia(sim),
    number: (request: NumberRequest) => putNumber(sim, request),
    numbers: () => listNumbers(sim),
    setNumber: (id: string, request: Partial<NumberRequest>) => setNumber(sim, id, request),
    setWaba: (id: string, request: Parameters<typeof setWaba>[2]) => setWaba(sim, id, request),
    tokens: () => listTokens(sim),
    token: (request: TokenRequest) => putToken(sim, request),
    refuseToken: (token: string, refusal?: { code?: number; subcode?: number; expired?: boolean }) =>
      refuseToken(sim, token, refusal),
    code: (request: Parameters<typeof issueCode>[1]) => issueCode(sim, request),
    person: (request: PersonRequest) => setPerson(sim, request),
    window: (request: Parameters<typeof setWindow>[1]) => setWindow(sim, request),
    handOver: (request: Parameters<typeof handOver>[1]) => handOver(sim, request),
    group: (request: Parameters<typeof addGroup>[1]) => addGroup(sim.world, request),
    suspendGroup: (id: string, isSuspended: boolean) => suspendGroup(sim, id, isSuspended),
    clock: (offsetMs: number) => sim.setClock(offsetMs),
    app: (change: Partial<Simulation['world']['app']>) => Object.assign(sim.world.app, checked(sim.world.app, change)),
    counts: () => ({ accepted: sim.world.sent.total, ...sim.deliverer.counts, pending: sim.deliverer.pending() }),
    reset: () => sim.reset(),
    idle: () => sim.idle(),
  }
}

export interface CallFilter {
  method?: string
  /** End of the path, such as `/register`. */
  path?: string
  sinceAt?: number
}

/** Graph calls that were carried out, refused ones too; sends are in the list of messages. */
function listCalls({ graphCalls }: Simulation, { method, path, sinceAt = 0 }: CallFilter) {
  const found = [...graphCalls].filter(
    call => call.at >= sinceAt && (!method || call.method === method) && (!path || call.path.endsWith(path)),
  )
  return { data: found.map(call => ({ ...call, at: new Date(call.at).toISOString() })), count: found.length }
}

/** A fault as callers write it: applied once by default. Its effect is called `then` in JSON and `effect` in code. */
export type FaultRequest = Partial<Fault> & { then?: FaultEffect }

function faultOf({ match = {}, times = 1, then: effectOfJson, effect, ...rest }: FaultRequest): Fault {
  const chosen = effect ?? effectOfJson
  if (chosen === undefined) throw new Error('A fault needs `then`: its effect.')
  return { ...rest, match, times, effect: chosen }
}

function setDelivery(sim: Simulation, { retrySpeed, ...rules }: Partial<DeliveryRules> & { retrySpeed?: number }) {
  if (retrySpeed !== undefined) sim.deliverer.setRetrySpeed(retrySpeed)
  return Object.assign(sim.delivery, checked(sim.delivery, rules))
}

/** The change itself. @throws Error for a member that `target` does not have, such as a misspelled one */
function checked<T extends object>(target: T, change: Partial<T>): Partial<T> {
  for (const name of Object.keys(change))
    if (!(name in target)) throw new Error(`${name} is not one of ${Object.keys(target).join(', ')}.`)
  return change
}

const digits = (text: string) => text.replaceAll(/\D/g, '')

function listMessages(sim: Simulation, { phoneNumberId, to, callbackData, sinceAt = 0, limit }: MessageFilter) {
  const wanted = to === undefined ? null : /[A-Z]/.test(to) ? to : digits(to)
  const found: SentMessage[] = []
  for (const message of sim.world.sent) {
    if (message.at < sinceAt) continue
    if (phoneNumberId !== undefined && message.phoneNumberId !== phoneNumberId) continue
    if (callbackData !== undefined && message.callbackData !== callbackData) continue
    if (wanted !== null && message.to !== wanted && message.waId !== wanted) continue
    found.push(message)
  }
  return {
    data: (limit === undefined ? found : found.slice(-limit)).map(messageView),
    count: found.length,
    total: sim.world.sent.total,
  }
}

function messageView({ id, phoneNumberId, to, waId, userId, at, type, callbackData, raw }: SentMessage) {
  const body = JSON.parse(raw) as Record<string, unknown>
  return { id, phoneNumberId, to, at: new Date(at).toISOString(), body, type, waId, userId, callbackData }
}

function listWebhooks(sim: Simulation, { state, id, itemId, phoneNumberId, sinceAt = 0, limit }: WebhookFilter) {
  const found: Delivery[] = []
  for (const delivery of sim.deliverer.log) {
    if (delivery.at < sinceAt || (state !== undefined && delivery.state !== state)) continue
    if (id !== undefined && delivery.id !== id) continue
    if (phoneNumberId !== undefined && delivery.phoneNumberId !== phoneNumberId) continue
    if (itemId !== undefined && !delivery.items.some(item => item.id === itemId)) continue
    found.push(delivery)
  }
  return {
    data: (limit === undefined ? found : found.slice(-limit)).map(deliveryView),
    count: found.length,
    ...sim.deliverer.counts,
    pending: sim.deliverer.pending(),
  }
}

function deliveryView(delivery: Delivery) {
  const { id, at, url, field, phoneNumberId, state, items, attempts, body } = delivery
  return { id, at: new Date(at).toISOString(), url, field, phoneNumberId, state, items, attempts, body: body.toString() }
}
