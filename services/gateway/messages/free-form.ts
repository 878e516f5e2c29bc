import type { TemplateToSend } from '#shared/contracts/outbound.ts'
import { mayBeEligible } from '#shared/domain/messages/direct-send.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import { pricesOf } from '#shared/domain/prices/cost.ts'
import type { Fallback, TenantDoc, TimelineEntry } from '#shared/model/documents.ts'
import { fallbackNote, fallenBack } from '#shared/model/fallback.ts'
import type { Store } from '#shared/store/connect.ts'
import { refuseOptedOut } from './consent.ts'
import type { Draft } from './draft.ts'
import { templateDraft } from './drafts.ts'
import { requireEndpoint } from './marketing-messages.ts'
import { withOwnMedia } from './own-media.ts'
import type { Destination } from './recipient.ts'
import { requireOpenWindow } from './window.ts'

/** Fallback template of a free-form message, checked and priced now. @throws ApiError 404, 422 */
export async function fallbackOf(
  store: Store,
  destination: Destination,
  input: TemplateToSend,
  { settings, at, payload: own }: { settings: TenantDoc['settings']; at: Date; payload: Draft['payload'] },
): Promise<Fallback> {
  const draft = await templateDraft(store, destination, input)
  const { template } = draft
  const { content, payload } = await withOwnMedia(store, String(destination.client.tenantId), draft)
  refuseOptedOut(destination, template)
  // Sent in the ordinary way, which takes no template with a maximum price.
  requireEndpoint(template, null)
  const { _id: id, name, language, category } = template
  // The fallback is sent only in a closed window, so its price is that of a closed one.
  const freeEntryPointExpiresAt = destination.conversation?.freeEntryPointExpiresAt ?? null
  const { waId, userId } = destination
  const prices = pricesOf(settings, { category, windowExpiresAt: null, freeEntryPointExpiresAt, waId, userId, now: at })
  const unused = { usedAt: null, because: null, instead: null, unsettled: null }
  return {
    template: { id, name, language, category },
    content,
    payload: { ...identityOf(own), ...payload },
    ...prices,
    ...unused,
  }
}

/** Identity check of the payload, which new content keeps. */
export const identityOf = ({ recipient_identity_key_hash: hash }: Draft['payload']) =>
  hash === undefined ? {} : { recipient_identity_key_hash: hash }

/** What is accepted: the free-form message with its fallback, or at once the fallback template instead. */
export interface Ruled {
  draft: Draft
  fallback: Fallback | null
  /** Timeline entries: the decision, and a warning if the window ends first. */
  notes: TimelineEntry[]
}

/**
 * Decides about a free-form message. It needs an open window now, Direct Send or a fallback template; in a closed window, and where
 * Meta has lately refused Direct Send, the fallback is sent instead. A message scheduled for after the window's end is accepted with a warning, because the customer may write again until
 * then. The window is checked again at sending. @throws ApiError 422 WINDOW_CLOSED
 */
export function ruleFreeForm(
  draft: Draft,
  fallback: Fallback | null,
  about: {
    destination: Pick<Destination, 'client' | 'conversation'>
    tenant: TenantDoc
    sendAt: Date | null
    now: Date
  },
): Ruled {
  const { destination, tenant, sendAt, now } = about
  const windowExpiresAt = destination.conversation?.windowExpiresAt
  if (draft.directSend) {
    const isWorthATry = mayBeEligible(destination.client.directSendRefusedAt, now)
    return fallback === null || isWorthATry ? { draft, fallback, notes: [] } : asTemplate(draft, fallback, 'not-eligible', now)
  }
  if (fallback === null) requireOpenWindow(windowExpiresAt, tenant, now)
  if (fallback && sendAt === null && !windowIsOpen(windowExpiresAt, now)) return asTemplate(draft, fallback, 'accepted', now)
  const isWarned = sendAt !== null && !windowIsOpen(windowExpiresAt, sendAt)
  return { draft, fallback, notes: isWarned ? [warning(windowExpiresAt, fallback, now)] : [] }
}

function asTemplate(draft: Draft, fallback: Fallback, because: 'accepted' | 'not-eligible', now: Date): Ruled {
  const { content, payload, fallback: used } = fallenBack(draft, fallback, because, now)
  const instead = { type: 'template', content, payload: payload ?? {}, template: fallback.template }
  return { draft: instead, fallback: used ?? null, notes: [fallbackNote(fallback, because, now)] }
}

/** Reason of the timeline notes that the reply repeats as `warnings`. */
export const WINDOW_ENDS_BEFORE = 'WINDOW_ENDS_BEFORE'

function warning(windowExpiresAt: Date | null | undefined, fallback: Fallback | null, at: Date): TimelineEntry {
  const ends = windowExpiresAt ? `ends at ${windowExpiresAt.toISOString()}, before this message is sent` : 'is closed'
  const then = fallback ? `the template ${fallback.template.name} (${fallback.template.language}) is sent instead` : 'it fails'
  return {
    kind: 'note',
    at,
    reason: WINDOW_ENDS_BEFORE,
    detail: `The customer service window ${ends}: unless the customer writes again, ${then}.`,
  }
}
