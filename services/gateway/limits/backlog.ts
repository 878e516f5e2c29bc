import { z } from 'zod'
import { PRIORITIES, type Priority } from '#shared/domain/messages/priority.ts'
import type { ClientDoc } from '#shared/model/documents.ts'
import {
  type BacklogGroup,
  BOUNDS,
  type CampaignBacklog,
  type CountBounds,
  countBacklog,
} from '#shared/store/dispatch/backlog.ts'
import { perStore } from '#shared/store/per-store.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import { shownPhone } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import type { Forecast, NumberBacklog } from './forecast.ts'

const ClassView = z.object({
  class: z.enum(PRIORITIES).describe('chat: replies and API sends, which are sent first; campaign: sent at the remaining rate'),
  waiting: z.number().int(),
  isExact: z.boolean().describe('False for a large backlog, which is extrapolated from its next 20,000 rows'),
  /** Number of messages by reason for waiting; `paused`, `scheduled` and `unknown` are not part of `secondsLeft`. */
  reasons: z.record(z.string(), z.number().int()),
  oldestAt: z.iso.datetime().nullable().describe('Time of the oldest message that is not scheduled'),
  oldestSeconds: z.number().int(),
  /** Seconds at the present rate, beside the account's other numbers and after higher priorities; null while paused. */
  secondsLeft: z.number().int().nullable(),
})
/** Backlog of a number by priority, with its present rate in messages a second. */
export const NumberBacklogView = z.object({
  clientId: z.string(),
  tenantId: z.string(),
  phoneNumberId: z.string(),
  whatsappNumber: z.string().nullable(),
  status: z.enum(['active', 'disconnected', 'suspended', 'paused']),
  pauseReason: z.string().nullable(),
  messagesPerSecond: z
    .number()
    .describe("Rate by Meta's limit and throttling, and by the number's share of the account's own limits"),
  classes: z.array(ClassView),
})
export type NumberBacklogView = z.infer<typeof NumberBacklogView>

/** Backlog of each number, counted a few numbers at a time. @param campaigns of any of these numbers */
export async function readBacklog(
  store: GatewayDeps['store'],
  clients: readonly ClientDoc[],
  campaigns: readonly CampaignBacklog[],
  bounds?: CountBounds,
): Promise<NumberBacklog[]> {
  const found: NumberBacklog[] = []
  for (let i = 0; i < clients.length; i += AT_ONCE) {
    const some = clients.slice(i, i + AT_ONCE)
    const groups = await Promise.all(some.map(client => groupsOf(store, client, bounds)))
    for (const [k, client] of some.entries()) {
      const own = campaigns.filter(
        ({ phoneNumberId, tenantId }) => phoneNumberId === client.phoneNumberId && String(tenantId) === String(client.tenantId),
      )
      found.push({ client, groups: groups[k] ?? [], campaigns: own })
    }
  }
  return found
}

/** Numbers counted concurrently, so that a request leaves database connections to others. */
const AT_ONCE = 4
/** Lifetime of a cached count. */
const COUNT_TTL_MS = 3000
const cacheOf = perStore(() => new TtlCache<string, BacklogGroup[]>(1000))

/** Counts the waiting rows of a number. Large counts take a third of a second, so they are cached briefly. */
async function groupsOf(store: GatewayDeps['store'], client: ClientDoc, bounds = BOUNDS): Promise<BacklogGroup[]> {
  const cache = cacheOf(store)
  const key = `${client.tenantId}:${client.phoneNumberId}:${bounds.counted}`
  const kept = cache.get(key)
  if (kept) return kept
  const groups = await countBacklog(store, client, bounds)
  if (groups.some(({ isExact }) => !isExact)) cache.set(key, groups, COUNT_TTL_MS)
  return groups
}

/** API views of backlogs. @param ends forecasts of the same numbers in the same order */
export const backlogViews = (found: readonly NumberBacklog[], ends: readonly Forecast[], now: Date): NumberBacklogView[] =>
  found.map((one, i) => numberView(one, ends[i] as Forecast, now))

function numberView({ client, groups, campaigns }: NumberBacklog, ends: Forecast, now: Date): NumberBacklogView {
  return {
    clientId: String(client._id),
    tenantId: String(client.tenantId),
    phoneNumberId: client.phoneNumberId,
    whatsappNumber: shownPhone(client.whatsappNumber),
    status: client.status,
    pauseReason: client.pauseReason ?? null,
    messagesPerSecond: ends.messagesPerSecond,
    classes: PRIORITIES.map(name => classView(classOf(name, groups, campaigns), ends[name], now)),
  }
}

interface Counted {
  name: Priority
  count: number
  isExact: boolean
  reasons: Record<string, number>
  oldestAt: Date | null
}

function classOf(name: Priority, groups: readonly BacklogGroup[], campaigns: readonly CampaignBacklog[]): Counted {
  const rows = groups.filter(({ priority }) => priority === name)
  const waiting = [
    ...rows.map(({ reason, count, oldestAt }) => ({ reason, count, since: oldestAt })),
    ...(name === 'campaign' ? campaigns : []),
  ]
  const reasons: Record<string, number> = {}
  for (const { reason, count } of waiting) reasons[reason] = (reasons[reason] ?? 0) + count
  const times = waiting.flatMap(({ reason, since }) => (reason === 'scheduled' ? [] : since.getTime()))
  return {
    name,
    count: waiting.reduce((sum, { count }) => sum + count, 0),
    // The rows of both priorities are counted by one query.
    isExact: groups.every(({ isExact }) => isExact),
    reasons,
    oldestAt: times.length === 0 ? null : new Date(Math.min(...times)),
  }
}

function classView({ name, count, isExact, reasons, oldestAt }: Counted, seconds: number | null, now: Date) {
  return {
    class: name,
    waiting: count,
    isExact,
    reasons,
    oldestAt: oldestAt?.toISOString() ?? null,
    oldestSeconds: oldestAt === null ? 0 : Math.max(0, Math.round((now.getTime() - oldestAt.getTime()) / 1000)),
    secondsLeft: seconds,
  }
}
