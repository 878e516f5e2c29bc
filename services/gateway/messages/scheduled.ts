import type { AnyContent, ChangeScheduled } from '#shared/contracts/outbound.ts'
import { costOf } from '#shared/domain/messages/cost.ts'
import { asUpdate, ENDED } from '#shared/domain/messages/dispatch.ts'
import { platformError } from '#shared/domain/messages/send-errors.ts'
import type { Caller } from '#shared/http/route.ts'
import type { EventDoc, MessageDoc, TemplateDoc, TenantDoc } from '#shared/model/documents.ts'
import { appended } from '#shared/model/timeline.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import type { Store } from '#shared/store/connect.ts'
import { getMessage } from '#shared/store/inbox/messages.ts'
import { getScheduled, scheduledEvent, updateScheduled } from '#shared/store/inbox/scheduled.ts'
import { waitEntries } from '#shared/views/wait-entries.ts'
import type { GatewayDeps } from '../deps.ts'
import { statusChanged } from '../events.ts'
import { scheduleOf } from './accept.ts'
import type { Draft } from './draft.ts'
import { anyDraft, findTemplate, templateDraft, textDraft } from './drafts.ts'
import { fallbackOf, identityOf, type Ruled, refuseOptedOut, ruleFreeForm } from './free-form.ts'
import { withOwnMedia } from './own-media.ts'
import { type Destination, findDestination } from './recipient.ts'

interface Changed {
  message: MessageDoc
  events: EventDoc[]
}

/**
 * Another time, content or template in reserve, by the same rules as if it were accepted now. Whoever releases it and whoever
 * changes it exclude each other by the row. @throws ApiError 404, 409 ALREADY_RELEASED, MESSAGE_CHANGED, 422
 */
export async function changeScheduled(deps: GatewayDeps, caller: Caller, id: string, change: ChangeScheduled): Promise<Changed> {
  const { store } = deps
  const { tenantId } = caller
  const before = await getScheduled(store, tenantId, id)
  const now = deps.now()
  const tenant = await getCachedTenant(store, tenantId)
  const destination = await findDestination(store, tenantId, { conversationId: String(before.conversationId) })
  // A time that has passed means now: the sweep releases it within moments.
  const sendAt = change.sendAt === undefined ? (before.sendAt as Date) : (scheduleOf(change.sendAt, now) ?? now)
  const draft = change.content
    ? await withOwnMedia(store, tenantId, await draftOf(store, destination, change.content))
    : await presentDraft(store, destination, before)
  const { fallback, notes } = await ruleAgain(deps, { draft, change, before, destination, tenant, sendAt, now })
  const said = [change.content && 'content', change.sendAt && 'time', change.fallback !== undefined && 'template in reserve']
  const note = { kind: 'note' as const, at: now, detail: `${said.filter(Boolean).join(', ')} changed by ${caller.name}` }
  const $set = {
    ...(change.content && contentOf(draft, before)),
    fallback,
    cost: costOf(tenant.settings, {
      category: draft.template?.category ?? null,
      windowExpiresAt: destination.conversation?.windowExpiresAt ?? null,
      freeEntryPointExpiresAt: destination.conversation?.freeEntryPointExpiresAt ?? null,
      waId: destination.waId,
      now: sendAt,
    }),
    sendAt,
    at: sendAt,
    ...asUpdate({ nextStepAt: sendAt }),
  }
  return store.transaction(async session => {
    const message = await updateScheduled(store, before, { $set, $push: appended(note, ...notes) }, session)
    const events = [scheduledEvent(message, 'changed', now)]
    await store.models.events.insertMany(events, { session })
    return { message, events }
  })
}

async function draftOf(store: Store, destination: Destination, content: NonNullable<ChangeScheduled['content']>): Promise<Draft> {
  if ('type' in content) return anyDraft(store, destination, content as AnyContent)
  return 'text' in content ? textDraft(content) : templateDraft(store, destination, content)
}

/** What it says already; a template is looked up again. */
async function presentDraft(store: Store, { client }: Destination, { type, content, payload }: MessageDoc): Promise<Draft> {
  const own = { type, content, payload: payload ?? {} }
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
    return { fallback: null, notes: [] }
  }
  const priced = { settings: tenant.settings, at: sendAt, payload: before.payload ?? {} }
  const kept = change.fallback === undefined ? (before.fallback ?? null) : null
  const fallback = change.fallback ? await fallbackOf(store, destination, change.fallback, priced) : kept
  const windowExpiresAt = destination.conversation?.windowExpiresAt
  return ruleFreeForm(draft, fallback, { windowExpiresAt, tenant, sendAt, now })
}

/** It goes on quoting what it quoted, and to whom alone it was meant. */
function contentOf({ type, content, payload }: Draft, before: MessageDoc): Pick<MessageDoc, 'type' | 'content' | 'payload'> {
  const context = before.payload?.context
  const quoting = context && type !== 'reaction' ? { context } : {}
  return { type, content, payload: { ...identityOf(before.payload ?? {}), ...payload, ...quoting } }
}

/** Takes it back; twice is as good as once. @throws ApiError 404, 409 ALREADY_RELEASED */
export async function cancelScheduled(deps: GatewayDeps, caller: Caller, id: string): Promise<Changed> {
  const { store } = deps
  const found = await getMessage(store, caller.tenantId, id)
  if (found.status === 'FAILED' && found.sendAt !== null && found.error?.title === CANCELLED.title)
    return { message: found, events: [] }
  const now = deps.now()
  const before = await getScheduled(store, caller.tenantId, id)
  const note = { kind: 'note' as const, at: now, detail: `cancelled by ${caller.name}` }
  const $set = { status: 'FAILED' as const, statusUpdatedAt: now, error: CANCELLED, dispatch: ENDED, at: now }
  return store.transaction(async session => {
    const $push = appended(...waitEntries(before.dispatch, now), note)
    const message = await updateScheduled(store, before, { $set, $push }, session)
    const events = [scheduledEvent(message, 'cancelled', now), statusChanged(message, `l:${message._id}:${now.getTime()}`, now)]
    await store.models.events.insertMany(events, { session })
    return { message, events }
  })
}

const CANCELLED = platformError('cancelled')
