import type { AnyContent, ChangeScheduled } from '#shared/contracts/outbound.ts'
import { wasCancelled } from '#shared/domain/messages/failures.ts'
import { platformError } from '#shared/domain/messages/send-errors.ts'
import { pricesOf } from '#shared/domain/prices/cost.ts'
import type { Caller } from '#shared/http/route.ts'
import type { EventDoc, MessageDoc, TemplateDoc, TenantDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import type { Store } from '#shared/store/connect.ts'
import { insertEvents } from '#shared/store/events/insert.ts'
import { findConversation } from '#shared/store/inbox/conversations.ts'
import { getMessage } from '#shared/store/inbox/messages.ts'
import {
  cancelScheduled as cancelScheduledRow,
  changeScheduled as changeScheduledRow,
  getScheduled,
} from '#shared/store/inbox/scheduled.ts'
import { eventIds, messageScheduled, messageStatus } from '#shared/views/events.ts'
import { waitEntries } from '#shared/views/wait-entries.ts'
import type { GatewayDeps } from '../deps.ts'
import { scheduleOf } from './accept.ts'
import { refuseBlocked, refuseOptedOut } from './consent.ts'
import { type Draft, pricedAs } from './draft.ts'
import { anyDraft, findTemplate, keepDirectSend, templateDraft, textDraft } from './drafts.ts'
import { expiryOf } from './expiry.ts'
import { fallbackOf, identityOf, type Ruled, ruleFreeForm } from './free-form.ts'
import { requireEndpoint } from './marketing-messages.ts'
import { requireMayReply } from './may-reply.ts'
import { withOwnMedia } from './own-media.ts'
import { type Destination, findDestination } from './recipient.ts'

interface Changed {
  message: MessageDoc
  events: EventDoc[]
}

/**
 * Changes the time, content, fallback template or expiry of a scheduled message, by the same rules as if it were accepted now. Its row
 * decides between this change and its release. @throws ApiError 404, 409 ALREADY_RELEASED, MESSAGE_CHANGED, 422
 */
export async function changeScheduled(deps: GatewayDeps, caller: Caller, id: string, change: ChangeScheduled): Promise<Changed> {
  const { store } = deps
  const { tenantId } = caller
  const before = await getScheduled(store, tenantId, id)
  const now = deps.now()
  const tenant = await getCachedTenant(store, tenantId)
  const destination = await findDestination(store, tenantId, { conversationId: String(before.conversationId) })
  requireMayReply(tenant, caller, destination.conversation, true)
  refuseBlocked(destination)
  // A time that has passed means now: the sweep releases the message shortly.
  const sendAt = change.sendAt === undefined ? (before.sendAt as Date) : (scheduleOf(change.sendAt, now) ?? now)
  const expiresAt = expiryOf(change.expiresAt === undefined ? before.expiresAt : change.expiresAt, sendAt)
  const draft = change.content
    ? await withOwnMedia(store, tenantId, sameWay(await draftOf(store, destination, change.content), before))
    : await presentDraft(store, destination, before)
  const { fallback, notes } = await ruleAgain(deps, { draft, change, before, destination, tenant, sendAt, now })
  const said = [
    change.content && 'content',
    change.sendAt && 'time',
    change.fallback !== undefined && 'fallback',
    change.expiresAt !== undefined && 'expiry',
  ]
  const note = { kind: 'note' as const, at: now, detail: `${said.filter(Boolean).join(', ')} changed by ${caller.name}` }
  const content = {
    ...(change.content && contentOf(draft, before)),
    fallback,
    expiresAt,
    ...pricesOf(tenant.settings, {
      category: pricedAs(draft),
      windowExpiresAt: destination.conversation?.windowExpiresAt ?? null,
      freeEntryPointExpiresAt: destination.conversation?.freeEntryPointExpiresAt ?? null,
      waId: destination.waId,
      userId: destination.userId,
      now: sendAt,
    }),
  }
  return store.transaction(async session => {
    const message = await changeScheduledRow(
      store,
      before,
      { sendAt, content, entries: [note, ...notes], by: toId(caller.id) },
      session,
    )
    const events = [messageScheduled(message, 'changed', now)]
    await insertEvents(store, events, session)
    return { message, events }
  })
}

async function draftOf(store: Store, destination: Destination, content: NonNullable<ChangeScheduled['content']>): Promise<Draft> {
  if ('type' in content) return anyDraft(store, destination, content as AnyContent)
  return 'text' in content ? textDraft(content) : templateDraft(store, destination, content)
}

/** New content goes the way of the old: without a template, or by the Marketing Messages API, where Meta takes it so. */
function sameWay(draft: Draft, { directSend, marketingMessages }: MessageDoc): Draft {
  const isMarketing = marketingMessages && draft.template?.category === 'MARKETING'
  return isMarketing ? { ...draft, marketingMessages } : keepDirectSend(draft, directSend)
}

/** Draft of the present content; its template is looked up again. */
async function presentDraft(store: Store, { client }: Destination, message: MessageDoc): Promise<Draft> {
  const { type, content, payload, directSend, marketingMessages } = message
  const ways = { ...(directSend && { directSend }), ...(marketingMessages && { marketingMessages }) }
  const own = { type, content, payload: payload ?? {}, ...ways }
  if (type !== 'template') return { ...own, template: null }
  const { name = '', language = '' } = content.template ?? {}
  const template: TemplateDoc = await findTemplate(store, client, { name, language })
  return { ...own, template }
}

async function ruleAgain(
  { store }: GatewayDeps,
  about: {
    draft: Draft
    change: ChangeScheduled
    before: MessageDoc
    destination: Destination
    tenant: TenantDoc
    sendAt: Date
    now: Date
  },
): Promise<Pick<Ruled, 'fallback' | 'notes'>> {
  const { draft, change, before, destination, tenant, sendAt, now } = about
  if (draft.template !== null) {
    refuseOptedOut(destination, draft.template)
    requireEndpoint(draft.template, draft.marketingMessages)
    return { fallback: null, notes: [] }
  }
  const priced = { settings: tenant.settings, at: sendAt, payload: before.payload ?? {} }
  const kept = change.fallback === undefined ? (before.fallback ?? null) : null
  const fallback = change.fallback ? await fallbackOf(store, destination, change.fallback, priced) : kept
  return ruleFreeForm(draft, fallback, { destination, tenant, sendAt, now })
}

/** New content that keeps the quoted message and the identity check of the old content. */
function contentOf({ type, content, payload, directSend, marketingMessages }: Draft, before: MessageDoc) {
  const context = before.payload?.context
  const quoting = context && type !== 'reaction' ? { context } : {}
  return {
    type,
    content,
    payload: { ...identityOf(before.payload ?? {}), ...payload, ...quoting },
    directSend: directSend ?? null,
    marketingMessages: marketingMessages ?? null,
  }
}

/** Cancels a scheduled message; a repeat changes nothing. @throws ApiError 404, 409 ALREADY_RELEASED */
export async function cancelScheduled(deps: GatewayDeps, caller: Caller, id: string): Promise<Changed> {
  const { store } = deps
  const found = await getMessage(store, caller.tenantId, id)
  if (wasCancelled(found)) return { message: found, events: [] }
  const now = deps.now()
  const before = await getScheduled(store, caller.tenantId, id)
  const conversation = await findConversation(store, caller.tenantId, before.conversationId)
  requireMayReply(await getCachedTenant(store, caller.tenantId), caller, conversation, true)
  const note = { kind: 'note' as const, at: now, detail: `cancelled by ${caller.name}` }
  return store.transaction(async session => {
    const entries = [...waitEntries(before.dispatch, now), note]
    const message = await cancelScheduledRow(store, before, { at: now, error: CANCELLED, entries, by: toId(caller.id) }, session)
    const failed = messageStatus(eventIds.cancelled(message._id, now), message, now)
    const events = [messageScheduled(message, 'cancelled', now), failed]
    await insertEvents(store, events, session)
    return { message, events }
  })
}

const CANCELLED = platformError('cancelled')
