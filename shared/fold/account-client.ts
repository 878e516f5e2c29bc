import { isObject, type Json, text } from '../meta/json.ts'
import type { AccountItem } from '../meta/webhook.ts'
import type { ClientDoc } from '../store/documents.ts'
import type { FoldContext } from './context.ts'
import { ignored, PROCESSED, type Verdict } from './item.ts'
import { change, type State, type Tracked, track } from './state.ts'
import { tell } from './tell.ts'

/** Messages a second of a number that Meta has upgraded. */
const HIGH_THROUGHPUT = 1000
const UNLIMITED = new Set(['TIER_UNLIMITED', '-1'])

export function foldName(state: State, clients: ClientDoc[], value: Json): Verdict {
  const name = text(value.requested_verified_name)
  const own = ofNumber(clients, value.display_phone_number)
  if (value.decision !== 'APPROVED' || name === null || own.length === 0) return ignored('the name stays as it is')
  for (const client of own) change(inHand(state, client), { verifiedName: name })
  return PROCESSED
}

/** About throughput and limits: the quality itself has to be asked for. */
export function foldQuality(state: State, clients: ClientDoc[], value: Json): Verdict {
  const tier = text(value.max_daily_conversations_per_business) ?? text(value.current_limit)
  const fields: Partial<ClientDoc> = {}
  if (value.event === 'THROUGHPUT_UPGRADE') fields.throughput = HIGH_THROUGHPUT
  if (tier !== null) {
    const limit = limitOf(tier)
    if (limit !== undefined) fields.messagingLimit = limit
  }
  const own = ofNumber(clients, value.display_phone_number)
  if (own.length === 0 || Object.keys(fields).length === 0) return ignored('nothing new about the number')
  for (const client of own) change(inHand(state, client), fields)
  return PROCESSED
}

/** `TIER_250`, `TIER_1K`, `TIER_UNLIMITED`, or a number. Null = unlimited; undefined: not a limit. */
function limitOf(tier: string): number | null | undefined {
  if (UNLIMITED.has(tier)) return null
  const match = /^(?:TIER_)?(\d+)(K?)$/.exec(tier)
  return match ? Number(match[1]) * (match[2] ? 1000 : 1) : undefined
}

const GONE: Record<string, string> = {
  PARTNER_REMOVED: 'The business account is no longer shared with this platform.',
  PARTNER_APP_UNINSTALLED: 'The app was removed from the business account.',
  ACCOUNT_DELETED: 'The business account was deleted.',
  ACCOUNT_OFFBOARDED: 'The number left the Cloud API.',
}

export function foldAccountUpdate(state: State, context: FoldContext, clients: ClientDoc[], item: AccountItem): Verdict {
  const { value } = item
  const event = text(value.event) ?? ''
  const own = text(value.phone_number) ? ofNumber(clients, value.phone_number) : clients
  if (own.length === 0) return ignored('no number of ours')
  const gone = GONE[event]
  const change = gone === undefined ? banOf(value) : disconnect(gone, context.now)
  if (change === null) return ignored('no effect on the number')
  for (const client of own) changeStatus(state, context, item, client, change)
  return PROCESSED
}

interface StatusChange {
  from: ClientDoc['status'][]
  /** Only numbers that this reason stopped come back by themselves. */
  only?: ClientDoc['pauseReason']
  fields: Partial<ClientDoc>
}

const disconnect = (reason: string, now: Date): StatusChange => ({
  from: ['active', 'paused', 'suspended'],
  fields: { status: 'disconnected', statusReason: reason, pauseReason: null, disconnectedAt: now },
})

function banOf(value: Json): StatusChange | null {
  const ban = isObject(value.ban_info) ? text(value.ban_info.waba_ban_state) : null
  if (ban === 'DISABLE')
    return {
      from: ['active'],
      fields: { status: 'paused', pauseReason: 'account', statusReason: 'WhatsApp has disabled the business account.' },
    }
  if (ban === 'REINSTATE')
    return { from: ['paused'], only: 'account', fields: { status: 'active', pauseReason: null, statusReason: null } }
  return null
}

function changeStatus(state: State, { now }: FoldContext, item: AccountItem, client: ClientDoc, wanted: StatusChange): void {
  const tracked = inHand(state, client)
  const { doc } = tracked
  if (!wanted.from.includes(doc.status) || (wanted.only && doc.pauseReason !== wanted.only)) return
  change(tracked, wanted.fields)
  const clientId = String(doc._id)
  const payload = { clientId, status: doc.status, reason: doc.pauseReason ?? doc.statusReason }
  const place = { tenantId: doc.tenantId, clientId: doc._id, conversationId: null }
  tell(state, { eventId: `r:${item.eventId}:${clientId}`, name: 'client:status', ...place, payload }, now)
}

function inHand(state: State, client: ClientDoc): Tracked<ClientDoc> {
  const id = String(client._id)
  const tracked = state.clients.get(id) ?? track({ ...client }, false)
  state.clients.set(id, tracked)
  return tracked
}

/** Digits alone: it is shown with and without `+` and spaces. */
function ofNumber(clients: ClientDoc[], shown: unknown): ClientDoc[] {
  const digits = (text(shown) ?? '').replace(/\D/g, '')
  return clients.filter(client => client.whatsappNumber.replace(/\D/g, '') === digits)
}
