import type { Keyring } from '#shared/auth/encryption.ts'
import { type WebPushKey, webPushKeys } from '#shared/auth/web-push.ts'
import type { PushText } from '#shared/contracts/push-text.ts'
import type { SequencedEvent } from '#shared/contracts/socket-events.ts'
import { seesOwnOnly } from '#shared/domain/inbox/visibility.ts'
import type { PushSubscriptionDoc } from '#shared/model/documents.ts'
import { inParallel } from '#shared/process/in-parallel.ts'
import type { MayGoOn } from '#shared/process/jobs.ts'
import { pushNotifications } from '#shared/process/metrics.ts'
import {
  dropPushSubscriptions,
  findAgentsAmong,
  findBehindPush,
  findPushedConversations,
  findPushSubscriptions,
  movePushPosition,
  type PushedConversation,
  type PushPosition,
} from '#shared/store/accounts/push-subscriptions.ts'
import { getCachedTenant, isTenantActive } from '#shared/store/accounts/tenants.ts'
import type { ServerClock } from '#shared/store/clock.ts'
import type { Store } from '#shared/store/connect.ts'
import { eventsSince } from '#shared/store/events/sequence.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import { postPush } from './post.ts'
import { conversationsToRead, type Recipient, recipientsOf } from './recipients.ts'

export interface PushDeps {
  store: Store
  keyring: Keyring
  clock: ServerClock
  /** Origins of push services that may be private. */
  origins: readonly string[]
}

const PAGE = 200
/** Tenants and calls at the same time. */
const PARALLEL_TENANTS = 4
const PARALLEL_CALLS = 16
/** What happened longer ago is no news: after an outage, people are not told of hours at once. */
const FRESH_MS = 10 * 60_000
/** Events behind which a position is moved to the newest: of a tenant that had no subscription for a while. */
const MOST_BEHIND = 5000
/** Longest wait for a push service's answer. */
const TIMEOUT_MS = 5000
/** Where the installation has no public address, as in development. */
const NO_SUBJECT = 'mailto:postmaster@localhost'
/** An endpoint that has failed is left alone for this time, so that a slow push service does not hold up the others. */
const PAUSE_MS = 60_000

/**
 * Tells people of their conversations in browsers where Linko is closed. After a crash some are told again, which replaces the
 * notification that is shown. One that is lost loses nothing, for the inbox has it all.
 */
export class PushNotifier {
  readonly #deps: PushDeps
  readonly #keys: ReadonlyMap<string, WebPushKey>
  readonly #paused = new TtlCache<string, true>(10_000)

  constructor(deps: PushDeps) {
    this.#deps = deps
    this.#keys = new Map(webPushKeys(deps.keyring).map(key => [key.keyId, key]))
  }

  /** Tells what has happened since the last round. @returns the number of events that were looked at @throws Outage */
  async notify(mayGoOn: MayGoOn): Promise<number> {
    let count = 0
    await inParallel(await findBehindPush(this.#deps.store), PARALLEL_TENANTS, async position => {
      if (mayGoOn()) count += await this.#notifyTenant(position)
    })
    return count
  }

  async #notifyTenant({ tenantId, seq, latest }: PushPosition): Promise<number> {
    const { store, clock } = this.#deps
    const events = latest - seq <= MOST_BEHIND ? await eventsSince(store, tenantId, seq, PAGE) : []
    const since = clock.now().getTime() - FRESH_MS
    const fresh = events.filter(({ at }) => Date.parse(at) > since)
    if (fresh.length > 0 && (await isTenantActive(store, tenantId))) await this.#tell(tenantId, fresh)
    await movePushPosition(store, tenantId, events.at(-1)?.seq ?? latest)
    return events.length
  }

  async #tell(tenantId: string, events: readonly SequencedEvent[]): Promise<void> {
    const { store, clock } = this.#deps
    const ids = conversationsToRead(events)
    if (ids.length === 0) return
    const conversations = new Map((await findPushedConversations(store, tenantId, ids)).map(one => [one.id, one]))
    const assignees = new Map([...conversations].map(([id, { assigneeId }]) => [id, assigneeId]))
    const recipients = await this.#withSight(tenantId, recipientsOf(events, assignees), assignees)
    if (recipients.length === 0) return
    const userIds = [...new Set(recipients.map(({ userId }) => userId))]
    const rows = await findPushSubscriptions(store, tenantId, userIds, clock.now())
    const calls = recipients.flatMap(recipient =>
      rows.filter(({ userId }) => String(userId) === recipient.userId).map(row => ({ row, recipient })),
    )
    const gone = new Set<PushSubscriptionDoc>()
    await inParallel(calls, PARALLEL_CALLS, async ({ row, recipient }) => {
      const conversation = conversations.get(recipient.conversationId) as PushedConversation
      if (!gone.has(row) && (await this.#post(row, recipient, conversation)) === 'gone') gone.add(row)
    })
    await dropPushSubscriptions(store, tenantId, [...gone])
  }

  /** Without those whom the account lets see their own conversations alone, where it is not theirs. */
  async #withSight(
    tenantId: string,
    recipients: Recipient[],
    assignees: ReadonlyMap<string, string | null>,
  ): Promise<Recipient[]> {
    const { store } = this.#deps
    const { settings } = await getCachedTenant(store, tenantId)
    const isOwn = ({ userId, conversationId }: Recipient) => assignees.get(conversationId) === userId
    const others = recipients.filter(recipient => !isOwn(recipient)).map(({ userId }) => userId)
    if (others.length === 0 || !seesOwnOnly(settings, { kind: 'user', role: 'agent' })) return recipients
    const agents = await findAgentsAmong(store, tenantId, others)
    return recipients.filter(recipient => isOwn(recipient) || !agents.has(recipient.userId))
  }

  async #post(row: PushSubscriptionDoc, { kind, conversationId }: Recipient, { name }: PushedConversation) {
    const subject = row.subject ?? NO_SUBJECT
    const key = this.#keys.get(row.keyId)
    if (key === undefined) return 'gone'
    if (this.#paused.get(row.endpoint)) return 'failed'
    const text: PushText = { v: 1, kind, conversationId, name }
    const outcome = await postPush(row, JSON.stringify(text), {
      ...{ key, subject, topic: conversationId },
      ...{ origins: this.#deps.origins, timeoutMs: TIMEOUT_MS },
    })
    if (outcome === 'failed') this.#paused.set(row.endpoint, true, PAUSE_MS)
    pushNotifications.inc({ outcome })
    return outcome
  }
}
