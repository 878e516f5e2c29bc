import { jsonReply, type NumberCall, type Reply, SUCCESS } from '../call.ts'
import { GraphError } from '../graph/errors.ts'
import { requireWhatsapp } from '../graph/required.ts'
import { isText, objectOf } from '../params.ts'
import type { Simulation } from '../simulation.ts'
import { checkOwner } from '../threads/control.ts'
import { checkForGroup, groupRecipient } from '../threads/groups.ts'
import { looksInbound, objectId, wamid } from '../world/ids.ts'
import type { Json, NumberState, PhoneNumber, Template, Waba, World } from '../world/world.ts'
import { conversationKey, openFreeEntry, WINDOW_MS } from './conversations.ts'
import { directSendOf } from './direct-send.ts'
import { checkMedia, fetchLinks, linksOf } from './media-use.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { type Recipient, recipientOf } from './recipient.ts'
import { invalid } from './refusals.ts'
import { checkShape, type MessageType } from './shape.ts'
import { emitFailure, type Sent, scheduleStatuses } from './statuses.ts'
import { templateOf } from './template-send.ts'

/** `POST /{phone}/messages`: sends a message, or takes a read receipt with or without the typing indicator. */
export function postMessages(call: NumberCall): Reply | object {
  return call.params.status === undefined ? send(call) : markRead(call)
}

/** `POST /{phone}/marketing_messages`: takes the same body, for marketing templates only. */
export function postMarketingMessages(call: NumberCall): Reply {
  return send(call, { marketing: true })
}

/** @throws GraphError of the first broken rule: number, account, throughput, pair, shape, recipient, template, media */
function send(call: NumberCall, options: { marketing?: boolean } = {}): Reply {
  const { sim, number, waba, params: body } = call
  const now = sim.now()
  checkStates(call)
  checkLimits(call, now)
  const type = checkShape(body)
  const isGroup = body.recipient_type === 'group'
  const recipient = isGroup ? groupRecipient(body, number, sim.world) : recipientOf(body, number, sim.world)
  checkRecipient(call, recipient)
  const direct = directSendOf(body, type, waba)
  const template = type === 'template' ? templateOf(body, waba.id, sim.world, call.version) : null
  if (isGroup) checkForGroup(type, template)
  if (template || direct) checkInitiation(call, recipient, now)
  if (!template && direct === null) checkOwner(call, recipient)
  if (options.marketing) checkMarketing(template, body, waba)
  else if (template) checkEndpoint(template, waba)
  const isCode = template?.category === 'AUTHENTICATION' || direct === 'authentication'
  if (isCode && recipient.waId === null) throw new GraphError(131062)
  checkMedia(call, type, template)
  if (type === 'reaction') checkInbound(call, objectOf(body.reaction).message_id)
  const isOptimised = options.marketing && isOnboarded(waba)
  const category = isOptimised ? 'marketing_lite' : (template?.category.toLowerCase() ?? direct)
  return accept(call, type, recipient, template, category)
}

const CODE_OF_STATE: Record<NumberState, number | null> = {
  CONNECTED: null,
  UNREGISTERED: 133010,
  MAINTENANCE: 131057,
  DELETED: 33,
  NAME_PENDING: 131037,
  SPAM_LIMITED: 131048,
  BAD_CERTIFICATE: 131045,
}

function checkStates({ number, waba, params }: NumberCall): void {
  const code = CODE_OF_STATE[number.state]
  if (code !== null) throw new GraphError(code)
  if (waba.state === 'RESTRICTED') throw new GraphError(368)
  if (waba.state === 'LOCKED') throw new GraphError(131031)
  if (waba.state === 'NO_PAYMENT' && !waba.paymentFailsLater && params.type === 'template') throw new GraphError(131042)
  if (waba.state === 'MISCLASSIFIED' && params.type === 'template') throw new GraphError(131064)
}

/** After its first violations an account may only reply: templates need a message of the person in the last 24 h. */
function checkInitiation({ sim, number, waba }: NumberCall, recipient: Recipient, now: number): void {
  if (waba.state !== 'REPLIES_ONLY') return
  const conversation = sim.world.conversations.get(conversationKey(number.id, recipient.key))
  if (conversation === undefined || conversation.lastInboundAt <= now - WINDOW_MS) throw new GraphError(368)
}

function checkLimits({ sim, number, params }: NumberCall, now: number): void {
  if (sim.rules.throughput && !sim.limits.throughputIsFree(number.id, number.throughput, now)) throw new GraphError(130429)
  if (!sim.rules.pair) return
  const key = recipientKeyOf(params, number, sim.world)
  if (key !== null && !sim.limits.pairIsFree(conversationKey(number.id, key), now)) throw new GraphError(131056)
}

/** Key of the recipient for the pair limit, which precedes the check of the shape; null when the body has no valid recipient. */
function recipientKeyOf(body: Json, number: PhoneNumber, world: World): string | null {
  if ((body.to === undefined && body.recipient === undefined) || body.recipient_type === 'group') return null
  try {
    return recipientOf(body, number, world).key
  } catch {
    return null
  }
}

function checkRecipient({ number }: NumberCall, { waId, to, userId, key }: Recipient): void {
  if (waId === number.digits) throw new GraphError(131021)
  if ([waId, userId, to, key].some(id => id !== null && number.blocked.has(id))) throw new GraphError(130403)
  const { allowedRecipients } = number
  if (allowedRecipients && !allowedRecipients.includes(waId ?? to)) throw new GraphError(131030)
}

const PRODUCT_POLICIES = ['CLOUD_API_FALLBACK', 'STRICT']

function checkMarketing(template: Template | null, { product_policy: policy }: Json, waba: Waba): void {
  if (!template) throw new GraphError(131055)
  if (template.category !== 'MARKETING') throw new GraphError(134100)
  if (policy !== undefined && !PRODUCT_POLICIES.includes(String(policy)))
    throw new GraphError(100, { details: `Param product_policy must be one of {${PRODUCT_POLICIES.join(', ')}}` })
  // The code is not documented: our choice.
  if (policy === 'STRICT' && !isOnboarded(waba)) throw new GraphError(100, { details: 'The account is not onboarded' })
}

const isOnboarded = ({ marketingMessages = 'ONBOARDED' }: Waba) => marketingMessages === 'ONBOARDED'

/** Marketing templates that only the endpoint `marketing_messages` takes. */
function checkEndpoint({ category, bidAmount }: Template, waba: Waba): void {
  if (category !== 'MARKETING') return
  if (bidAmount !== undefined) throw new GraphError(131061)
  if (waba.marketingElsewhere) throw new GraphError(131063)
}

function markRead(call: NumberCall): object {
  const { params } = call
  checkStates(call)
  requireWhatsapp(params)
  if (params.status !== 'read') invalid('Parameter value is not valid: "status" must be read')
  if (params.message_id === undefined) throw new GraphError(131008, { details: "Parameter 'message_id' is mandatory" })
  checkInbound(call, params.message_id)
  const typing = params.typing_indicator
  if (typing !== undefined && objectOf(typing).type !== 'text') invalid("typing_indicator['type'] must be text")
  const read = { phoneNumberId: call.number.id, messageId: String(params.message_id), typing: typing !== undefined }
  call.sim.world.reads.add({ ...read, at: call.sim.now() })
  return SUCCESS
}

/** @throws GraphError 131009 unless the id is of an inbound message: only those can be read or reacted to */
function checkInbound({ sim }: NumberCall, id: unknown): void {
  if (!isText(id) || !(sim.world.inbound.has(id) || looksInbound(id))) invalid('Message ID is not valid')
}

function accept(
  call: NumberCall,
  type: MessageType,
  recipient: Recipient,
  template: Template | null,
  category: string | null,
): Reply {
  const { sim, number, waba, params: body } = call
  const now = sim.now()
  const message = {
    id: wamid(recipient.groupId ? null : recipient.waId, 'outbound'),
    phoneNumberId: number.id,
    to: recipient.to,
    waId: recipient.waId,
    userId: recipient.userId,
    at: now,
    type,
    callbackData: isText(body.biz_opaque_callback_data) ? body.biz_opaque_callback_data : null,
    templateId: template?.id ?? null,
    // Meta makes a template of a Direct Send message, or finds one that fits.
    directTemplateId: template === null && category !== null ? objectId() : null,
    raw: rawOf(call),
    groupId: recipient.groupId ?? null,
  }
  sim.world.sent.add(message)
  sim.limits.charge(number.id, number.throughput, conversationKey(number.id, recipient.key), now)
  openFreeEntry(sim.world.conversations.get(conversationKey(number.id, recipient.key)), now)
  deliverOrHold(call, { message, number, waba, key: recipient.key, category }, recipient, template)
  return jsonReply(200, answer(message.id, recipient, template))
}

/** Starts the delivery of an accepted message, or holds it while its template is paced. */
function deliverOrHold({ sim, params }: NumberCall, sent: Sent, recipient: Recipient, template: Template | null): void {
  const { number, waba, message } = sent
  const type = message.type as MessageType
  const links = linksOf(params, type)
  const outcome = outcomeOf(sim, { number, waba, recipient, type, template, links, mayOpen: sent.category !== null })
  if (!template?.pacing) {
    deliver(sim, sent, outcome, links)
    return
  }
  const held = sim.held.get(template.id) ?? []
  held.push(() => {
    const isPaused = sim.world.templates.get(template.id)?.status !== 'APPROVED'
    if (isPaused) emitFailure(sim, sent, { code: 132015 })
    else deliver(sim, sent, outcome, links)
  })
  sim.held.set(template.id, held)
}

/** Schedules the statuses. With the rule `fetchLinks` a media link that does not answer fails the message. */
function deliver(sim: Simulation, sent: Sent, outcome: Outcome | null, links: string[]): void {
  if (outcome || links.length === 0 || !sim.rules.fetchLinks) {
    scheduleStatuses(sim, sent, outcome)
    return
  }
  fetchLinks(links)
    .then(details => scheduleStatuses(sim, sent, details === null ? null : { code: 131053, details }))
    .catch(() => scheduleStatuses(sim, sent, { code: 131053 }))
}

function answer(id: string, { input, waId, userId, groupId }: Recipient, template: Template | null) {
  const status = template && { message_status: template.pacing ? 'held_for_quality_assessment' : 'accepted' }
  return {
    messaging_product: 'whatsapp',
    contacts: [{ input, ...(waId && { wa_id: waId }), ...(userId && { user_id: userId }) }],
    messages: [{ id, ...status, ...(groupId && { group_id: groupId }) }],
  }
}

/** The JSON as it was posted; forms and queries as the equivalent JSON. */
function rawOf({ body, headers, params }: NumberCall): string {
  if (body.length > 0 && !/form/.test(headers['content-type'] ?? '')) return body.toString('utf8')
  const { access_token: _, ...members } = params as Json
  return JSON.stringify(members)
}
