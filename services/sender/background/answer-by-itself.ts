import { isBlocked } from '#shared/domain/contacts/block.ts'
import { Outage } from '#shared/domain/errors.ts'
import { type AutomaticAnswer, automaticAnswer, spend } from '#shared/domain/inbox/automatic-answer.ts'
import { isAnswered } from '#shared/domain/inbox/waiting.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import { pricesOf } from '#shared/domain/prices/cost.ts'
import type { ClientDoc, ContactDoc, ConversationDoc, MessageDoc, TenantDoc } from '#shared/model/documents.ts'
import { newOutbound } from '#shared/model/new-rows.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import type { Logger } from '#shared/process/logger.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import {
  clearAutomaticDue,
  findAnswering,
  findAutomaticDue,
  storeAutomaticAnswer,
} from '#shared/store/inbox/automatic-answers.ts'
import type { Publishing } from '../publishing.ts'

interface Deps {
  store: Store
  publishing: Publishing
  clock: ServerClock
  log: Logger
}

const BATCH = 100

/**
 * Sends greetings and away messages to customers who have just written: once for each beginning, or person and closed period.
 * @returns how many conversations were marked. @throws Outage
 */
export async function answerByItself(deps: Deps, mayGoOn: MayGoOn): Promise<number> {
  const due = await findAutomaticDue(deps.store, BATCH)
  for (const conversation of due) {
    if (!mayGoOn()) break
    try {
      await answer(deps, conversation)
    } catch (error) {
      if (error instanceof Outage) throw error
      deps.log.error({ err: error, conversationId: String(conversation._id) }, 'automatic answer not sent')
      await clearAutomaticDue(deps.store, conversation)
    }
  }
  return due.length
}

async function answer(deps: Deps, conversation: ConversationDoc): Promise<void> {
  const { store, publishing, clock } = deps
  const now = clock.now()
  const { client, contact } = await findAnswering(store, conversation)
  const tenant = await getCachedTenant(store, conversation.tenantId)
  const planned = client && contact && mayAnswer(conversation, client, contact, now) ? plan(tenant, client, conversation) : null
  const message = planned && client && contact ? messageOf(planned, { tenant, client, contact, conversation, now }) : null
  const spending =
    message && client?.automaticAnswers
      ? spend(client.automaticSpending ?? null, client.automaticAnswers, message.cost?.amount ?? 0, now)
      : null
  if (!planned || !client || !message || !spending) {
    if (planned)
      deps.log.info({ conversationId: String(conversation._id), kind: planned.kind }, 'automatic answer held by its cap')
    return await clearAutomaticDue(store, conversation)
  }
  const isGreeting = planned.kind === 'greeting'
  if (!(await storeAutomaticAnswer(store, conversation, message, { client, spending, isGreeting }))) return
  publishing.enqueue([message])
  publishing.project([message])
}

/** Nobody is answered whom a person has answered or closed meanwhile, or who may not be written to. */
function mayAnswer(conversation: ConversationDoc, client: ClientDoc, contact: ContactDoc, now: Date): boolean {
  const { status, automaticDue, windowExpiresAt, deletedAt } = conversation
  const isAttended = status === 'closed' || (automaticDue && isAnswered(conversation, automaticDue))
  const isOpen = client.status === 'active' && windowIsOpen(windowExpiresAt, now) && !deletedAt
  return isOpen && !isAttended && !isBlocked(contact) && !contact.optOut && !contact.erasing
}

function plan(
  { settings: { timezone } }: TenantDoc,
  { _id: clientId, automaticAnswers }: ClientDoc,
  { _id, contactId, automaticDue, greetedAt }: ConversationDoc,
): AutomaticAnswer | null {
  if (!automaticAnswers || !automaticDue) return null
  const ids = { clientId: String(clientId), contactId: String(contactId), conversationId: String(_id) }
  return automaticAnswer(automaticAnswers, automaticDue, { ...ids, timezone, greetedAt: greetedAt ?? null })
}

interface About {
  tenant: TenantDoc
  client: ClientDoc
  contact: ContactDoc
  conversation: ConversationDoc
  now: Date
}

function messageOf({ text, key }: AutomaticAnswer, { tenant, client, contact, conversation, now }: About): MessageDoc {
  const content = { text, media: null, template: null, data: null }
  const payload = { type: 'text', text: { body: text } }
  const written = { type: 'text', content, payload }
  const { windowExpiresAt, freeEntryPointExpiresAt, lastMessage } = conversation
  const about = { category: null, windowExpiresAt, freeEntryPointExpiresAt, waId: contact.waId, userId: contact.userId, now }
  return {
    ...newOutbound({ client, conversation, contact }, written, { priority: 'chat', now }),
    ...pricesOf(tenant.settings, about),
    idempotencyKey: `automatic:${key}`,
    origin: 'automatic',
    at: lastMessage && lastMessage.at > now ? lastMessage.at : now,
    unprojectedSince: now,
    isUncounted: true,
  }
}
