import { z } from 'zod'
import { ROLES } from '#shared/auth/policy.ts'
import { DemoUsers } from '#shared/contracts/dashboard-settings.ts'
import { route } from '#shared/http/route.ts'
import type { GatewayConfig } from '../config.ts'
import type { GatewayDeps } from '../deps.ts'

const Settings = z.object({
  socketUrl: z.string().nullable().describe('Address of the sockets; null: the same as that of the page'),
  demoUsers: DemoUsers.describe(`People of the demo, in development only; roles: ${ROLES.join(', ')}`),
})

/** What the dashboard must know before anybody has signed in. */
const settings = route({
  method: 'get',
  path: '/api/v1/dashboard/settings',
  action: null,
  bucket: 'none',
  tag: 'service',
  summary: 'Get what the dashboard needs before sign-in',
  returns: Settings,
  async handle(_request, { config }: GatewayDeps) {
    return { body: { socketUrl: config.SOCKET_URL ?? null, demoUsers: demoUsersOf(config) } }
  },
})

const Presence = z.enum(['ready', 'away'])
const presenceOf = (isReady: boolean): z.infer<typeof Presence> => (isReady ? 'ready' : 'away')

/**
 * What concerns everybody who works with the dashboard; asked every few seconds, so it costs no command of any server. It is public,
 * as `/ready` is: who anybody is cannot be looked up while the database is away.
 */
const state = route({
  method: 'get',
  path: '/api/v1/dashboard/state',
  action: null,
  bucket: 'none',
  tag: 'service',
  summary: 'Get whether messages flow: what is accepted while the queue is away waits, and goes out by itself',
  returns: z.object({
    queue: Presence,
    database: Presence.describe('While it is away, nearly every other route answers 503'),
  }),
  async handle(_request, { queue, store }: GatewayDeps) {
    return { body: { queue: presenceOf(queue.isReady()), database: presenceOf(store.isReady()) } }
  },
})

function demoUsersOf({ NODE_ENV, DEMO_USERS }: GatewayConfig): DemoUsers {
  if (NODE_ENV === 'production' || !DEMO_USERS) return []
  return DemoUsers.parse(JSON.parse(DEMO_USERS))
}

export const dashboardRoutes = [settings, state]
