import { z } from 'zod'
import { isSlow, joinPaces } from '#shared/domain/call-pace.ts'
import { callerOf, route } from '#shared/http/route.ts'
import type { ServiceReportDoc } from '#shared/model/documents.ts'
import { topology } from '#shared/queue/topology.ts'
import { readRoads } from '#shared/store/dispatch/roads.ts'
import { isOutage } from '#shared/store/outage.ts'
import { listServiceReports, SILENT_MS } from '#shared/store/service-reports.ts'
import { TtlCache } from '#shared/store/ttl-cache.ts'
import type { GatewayDeps } from '../deps.ts'

const count = z.number().int()
const at = z.iso.datetime().nullable()

const QueueView = z.object({ name: z.string(), messages: count.nullable(), consumers: count.nullable() })
const ServiceView = z.object({
  service: z.enum(['gateway', 'ingest', 'sender', 'realtime']),
  version: z.string(),
  startedAt: z.iso.datetime(),
  seenAt: z.iso.datetime(),
  isAlive: z.boolean().describe('False when the process has not reported for 30 seconds'),
  isReady: z.boolean(),
  parts: z.record(z.string(), z.boolean()),
})

const OverviewView = z.object({
  at: z.iso.datetime(),
  servers: z.object({ mongodb: z.boolean(), rabbitmq: z.boolean(), redis: z.boolean() }),
  services: z
    .array(ServiceView)
    .describe('Processes that reported within a day; those that stopped properly are gone. Empty while MongoDB is away'),
  queues: z.array(QueueView).describe('Null while the broker does not answer'),
  roads: z
    .object({
      in: z.object({
        perMinute: count.describe('Webhook events of the account in the last minute, at most 10,000'),
        lastAt: at,
        lateMs: z.number().nullable().describe('Time from receiving to recording the last one'),
      }),
      out: z.object({
        perMinute: count.describe('Messages of the account that were accepted in the last minute, at most 10,000'),
        lastAt: at,
      }),
    })
    .nullable()
    .describe('Null while MongoDB is away'),
  meta: z
    .object({
      calls: count,
      unanswered: count.describe('Calls whose answer did not come, and those that did not reach Meta'),
      p95Ms: count.describe('Time that 95 % of the calls did not exceed; a call under way counts with its age from 3 s on'),
      isSlow: z.boolean().describe('At least three calls, and 3 s or more for 95 % of them, or a tenth without an answer'),
    })
    .nullable()
    .describe(
      'How Meta has answered sends of all accounts in the last five minutes; null without one, and while MongoDB is away',
    ),
})
type OverviewView = z.infer<typeof OverviewView>

const overview = route({
  method: 'get',
  path: '/api/v1/operations/overview',
  action: 'operations.overview',
  bucket: 'live',
  tag: 'operations',
  summary: 'State of the installation in numbers: servers, services, queues, and the two roads of the account',
  returns: OverviewView,
  worksWithoutDatabase: true,
  async handle(request, deps: GatewayDeps) {
    const { queue, redis, now } = deps
    const [stored, queues] = await Promise.all([readStored(deps, callerOf(request).tenantId), queueDepths(deps)])
    const servers = { mongodb: stored !== null, rabbitmq: queue.isReady(), redis: redis.status === 'ready' }
    const { services = [], roads = null } = stored ?? {}
    const body: OverviewView = {
      at: now().toISOString(),
      servers,
      services: services.map(report => serviceView(report, now())),
      queues,
      roads,
      meta: metaView(services, now()),
    }
    return { body }
  },
})

/** What the overview reads from MongoDB; null while that is away. */
async function readStored({ store, now }: GatewayDeps, tenantId: string) {
  if (!store.isReady()) return null
  const read = Promise.all([listServiceReports(store), readRoads(store, tenantId, now())])
  return await read.then(
    ([services, roads]) => ({ services, roads }),
    error => {
      if (isOutage(error)) return null
      throw error
    },
  )
}

const isAlive = ({ seenAt }: ServiceReportDoc, now: Date) => now.getTime() - seenAt.getTime() < SILENT_MS

function serviceView(report: ServiceReportDoc, now: Date): z.infer<typeof ServiceView> {
  const { service, version, startedAt, seenAt, isReady, parts } = report
  return {
    ...{ service, version, isReady, parts },
    startedAt: startedAt.toISOString(),
    seenAt: seenAt.toISOString(),
    isAlive: isAlive(report, now),
  }
}

/** Calls of the processes that live. */
function metaView(services: readonly ServiceReportDoc[], now: Date): OverviewView['meta'] {
  const pace = joinPaces(services.filter(report => isAlive(report, now)).flatMap(({ pace }) => pace ?? []))
  return pace && { ...pace, isSlow: isSlow(pace) }
}

export const overviewRoutes = [overview]

/** Many dashboards may look at once: the broker is asked once a second at most. */
const KEPT_MS = 1000
const ANSWER_MS = 2000
const depths = new TtlCache<string, OverviewView['queues']>(10)

async function queueDepths({ queue, store }: GatewayDeps): Promise<OverviewView['queues']> {
  const kept = depths.get(store.connection.name)
  if (kept) return kept
  const names = topology().queues.map(({ name }) => name)
  const found = await Promise.all(names.map(async name => ({ name, ...(await depthOf(queue, name)) })))
  depths.set(store.connection.name, found, KEPT_MS)
  return found
}

const UNKNOWN = { messages: null, consumers: null }

/** A queue that does not exist yet, and a broker that does not answer, have no numbers. */
async function depthOf(queue: GatewayDeps['queue'], name: string): Promise<Omit<OverviewView['queues'][number], 'name'>> {
  if (!queue.isReady()) return UNKNOWN
  const late = new Promise<typeof UNKNOWN>(resolve => setTimeout(resolve, ANSWER_MS, UNKNOWN).unref())
  const asked = queue
    .check(name)
    .then(({ messageCount, consumerCount }) => ({ messages: messageCount, consumers: consumerCount }))
  return Promise.race([asked.catch(() => UNKNOWN), late])
}
