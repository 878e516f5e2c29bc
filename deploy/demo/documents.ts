import { createHash } from 'node:crypto'
import { Types } from 'mongoose'
import type {
  ClientDoc,
  ContactDoc,
  ConversationDoc,
  Id,
  MessageDoc,
  TemplateDoc,
  TimelineEntry,
} from '#shared/model/documents.ts'
import { lastMessageOf, newConversation, newMessage } from '#shared/model/new-rows.ts'
import type { DemoConversation, DemoMessage } from './history.ts'
import { DEMO_TEMPLATES, type DemoTemplate } from './world.ts'

const WINDOW_MS = 24 * 60 * 60 * 1000
const TEMPLATE_PRICE = { amount: 0.4, currency: 'MAD' }

/** An id derived from a name, so that a second run finds the rows of the first. */
export const demoId = (name: string): Id =>
  new Types.ObjectId(createHash('sha256').update(`demo:${name}`).digest('hex').slice(0, 24))

export interface Parties {
  client: ClientDoc
  contact: ContactDoc
  agent: { id: Id; name: string } | null
}

/** The rows of a conversation and its messages after the events of the history. */
export function demoConversation(history: DemoConversation, parties: Parties, now: Date) {
  const _id = demoId(`conversation:${history.tenant}:${history.waId}`)
  const messages = history.messages.map((message, index) => demoMessage(_id, message, index, parties, now))
  return { conversation: conversationDocument(_id, history, messages, parties, now), messages }
}

function conversationDocument(
  _id: Id,
  history: DemoConversation,
  messages: MessageDoc[],
  { client, contact, agent }: Parties,
  now: Date,
): ConversationDoc {
  const last = messages.at(-1) as MessageDoc
  const lastInbound = messages.findLast(message => message.direction === 'INBOUND')
  return {
    ...newConversation(client, contact, now, _id),
    candidateName: contact.name,
    candidateId: history.candidateId,
    leadId: lastInbound ? demoLeadId(history) : null,
    assignedTo: agent,
    labels: history.labels,
    messageCount: messages.length,
    unreadCount: messages.filter(message => message.status === 'RECEIVED').length,
    lastMessage: lastMessageOf(last),
    lastActivityAt: last.at,
    lastInboundWamid: lastInbound?.wamid ?? null,
    lastInboundAt: lastInbound?.at ?? null,
    windowExpiresAt: lastInbound ? new Date(lastInbound.at.getTime() + WINDOW_MS) : null,
  }
}

export const demoLeadId = (history: DemoConversation): Id => demoId(`lead:${history.tenant}:${history.waId}`)

function demoMessage(
  conversationId: Id,
  message: DemoMessage,
  index: number,
  { client, contact, agent }: Parties,
  now: Date,
): MessageDoc {
  const at = new Date(Math.floor(now.getTime() / 1000) * 1000 - message.minutesAgo * 60_000)
  const isInbound = message.direction === 'INBOUND'
  const demo = DEMO_TEMPLATES.find(({ name }) => name === message.template?.name)
  const text = message.template && demo ? filled(demo, message.template.variables) : (message.text ?? null)
  const content = { text, media: null, template: message.template ?? null, data: null }
  const place = { client, contact, conversation: { _id: conversationId, leadId: null } }
  return {
    ...newMessage(
      place,
      { type: message.template ? 'template' : 'text', content },
      now,
      demoId(`message:${conversationId}:${index}`),
    ),
    direction: message.direction,
    status: message.status,
    statusUpdatedAt: new Date(at.getTime() + 3000),
    timeline: isInbound ? [] : timelineOf(message, at),
    wamid: `wamid.DEMO${demoId(`wamid:${conversationId}:${index}`)}`,
    cost: isInbound ? null : costOf(demo),
    sentBy: isInbound ? null : { kind: 'user', id: agent?.id ?? null, name: agent?.name ?? null },
    origin: isInbound ? null : 'dashboard',
    at,
  }
}

const costOf = (template: DemoTemplate | undefined): MessageDoc['cost'] =>
  template
    ? { ...TEMPLATE_PRICE, category: template.category.toLowerCase() }
    : { amount: 0, currency: 'MAD', category: 'service' }

/** The timeline of an outbound message: accepted, sent at the first attempt, and its statuses one second apart. */
function timelineOf(message: DemoMessage, at: Date): TimelineEntry[] {
  const after = (seconds: number) => new Date(at.getTime() + seconds * 1000)
  const order = ['SENT', 'DELIVERED', 'READ']
  const reached = order.slice(0, order.indexOf(message.status) + 1)
  return [
    { kind: 'accepted', at },
    { kind: 'attempt', at, attempt: 1, outcome: 'accepted', httpStatus: 200, latencyMs: 180 },
    ...reached.map((status, i): TimelineEntry => {
      const stamp = Math.floor(after(i + 1).getTime() / 1000)
      return { kind: 'status', at: after(i + 1), status, key: `${status}:${stamp}:` }
    }),
  ]
}

/** The body of a template with its variables filled in. */
function filled(template: DemoTemplate, variables: Record<string, string>): string {
  return template.variables.reduce((text, { name }, i) => text.replace(`{{${i + 1}}}`, variables[name] ?? ''), template.body)
}

/** The row of a template, as a synchronisation with Meta stores it. */
export function demoTemplate(tenantId: Id, wabaId: string, template: DemoTemplate): Omit<TemplateDoc, 'createdAt' | 'updatedAt'> {
  const { name, language, category, body, variables, metaTemplateId } = template
  return {
    _id: demoId(`template:${wabaId}:${name}:${language}`),
    tenantId,
    wabaId,
    name,
    language,
    category,
    status: 'APPROVED',
    reason: null,
    components: [{ type: 'BODY', text: body, example: { body_text: [variables.map(variable => variable.example)] } }],
    parameterFormat: 'POSITIONAL',
    variables: variables.map((variable, i) => ({ ...variable, position: i + 1, description: null, component: 'BODY' })),
    metaTemplateId,
    quality: 'GREEN',
    usageCount: 0,
    lastUsedAt: null,
  }
}
