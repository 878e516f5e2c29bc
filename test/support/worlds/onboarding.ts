import { createServer } from 'node:http'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { onboardingDeps } from '#services/gateway/onboarding/deps.ts'
import { runConnection } from '#services/gateway/onboarding/run.ts'
import { createReceiver } from '#services/ingest/receiver/receiver.ts'
import { startRecorder } from '#services/ingest/recorder/recorder.ts'
import { startSender } from '#services/sender/sender.ts'
import { createSendLimits } from '#shared/limits/send-limits.ts'
import { createMetaClient, type MetaClient } from '#shared/meta/client.ts'
import type { ClientDoc, ConnectionDoc } from '#shared/model/documents.ts'
import { listen } from '#shared/process/health.ts'
import { forgetClient } from '#shared/store/numbers/clients.ts'
import { createWorld } from '../world.ts'
import { type Call, openGateway, PEOPLE, type Person } from './gateway.ts'
import { APP_SECRET, keyring, log, TOKEN_KEY, VERIFY_TOKEN } from './ingest.ts'
import { userByEmail } from './realtime.ts'

export const APP_ID = '918273645500112'
/** The account with two numbers that nobody has connected, and one without a number. */
export const SPARE = { wabaId: '330300670099887', first: '3054543651068213', second: '3054543651068214' }
export const EMPTY_WABA = '330300670099888'

interface Step {
  key: string
  state: string
  attempts: number
  wabaId: string | null
  phoneNumberId: string | null
  code: number | null
  metaText: string | null
  sentence: string | null
  cure: string | null
  note: string | null
}

/** The process of a gateway ended: nothing of what it was doing is stored. */
export class Killed extends Error {}

/** Gateway, receiver of webhooks and a simulated Meta, with the demo world on both sides. */
export async function openOnboarding(env: Record<string, string> = {}) {
  await using stack = new AsyncDisposableStack()
  const simulator = stack.use(
    await createSimulator({ appId: APP_ID, appSecret: APP_SECRET, verifyToken: VERIFY_TOKEN, reviewMs: 5 }),
  )
  const world = stack.use(await createWorld())
  const callback = await listen(createServer(), '127.0.0.1', 0)
  const { port } = callback
  await callback[Symbol.asyncDispose]()
  const webhookUrl = `http://127.0.0.1:${port}/api/v1/webhook`
  const settings = {
    META_GRAPH_URL: simulator.url,
    META_DIALOG_URL: simulator.url,
    META_APP_ID: APP_ID,
    META_APP_SECRET: APP_SECRET,
    META_WEBHOOK_VERIFY_TOKEN: VERIFY_TOKEN,
    SIMULATOR_WEBHOOK_URL: webhookUrl,
    DASHBOARD_URL: 'http://dashboard.test',
    ...env,
  }
  const gateway = stack.use(await openGateway(world, settings))
  const { store, queue } = gateway
  const receiver = createReceiver({ queue, spool: null, secrets: [APP_SECRET], verifyToken: VERIFY_TOKEN, log })
  stack.use(await listen(createServer(receiver), '127.0.0.1', port))
  simulator.app({ webhookUrl })
  const { tenantId } = await userByEmail(store, PEOPLE.admin)
  const { raw } = store
  const [users, clients] = [await raw.users.find({}).toArray(), await raw.clients.find({}).toArray()]

  const call = (method: string, path: string, body?: unknown, as: Person = 'admin', more: Call = {}) =>
    gateway.call(method, path, { as, ...(body !== undefined && { body }), ...more })
  const opened = stack.move()
  return {
    gateway,
    simulator,
    store,
    world,
    webhookUrl,
    /** For a gateway that runs as a process of its own. */
    settings: { ...settings, TOKEN_ENCRYPTION_KEY: TOKEN_KEY },
    tenantId,
    call,
    startRecorder: () => startRecorder({ store, queue, log }),
    async startSender() {
      const client = createMetaClient({ baseUrl: simulator.url, version: 'v25.0', timeoutMs: 5000 })
      const limits = (liveSenders: () => number) =>
        createSendLimits({ redis: gateway.redis, liveSenders, prefix: `{${store.connection.name}}` })
      const deps = { store, queue, meta: client, keyring, storage: gateway.deps.storage, log, limits }
      const sender = await startSender(deps, { outboxEveryMs: 500 })
      return {
        async [Symbol.asyncDispose]() {
          await sender[Symbol.asyncDispose]()
          await client[Symbol.asyncDispose]()
        },
      }
    },
    /** Both sides as they were at first, for the next test. */
    async reset(): Promise<void> {
      simulator.reset()
      simulator.app({ webhookUrl })
      gateway.clock.now = null
      for (const name of ['users', 'clients', 'connections', 'auditLog', 'events', 'messages'] as const)
        await raw[name].deleteMany({})
      await raw.users.insertMany(users)
      await raw.clients.insertMany(clients)
      for (const { phoneNumberId } of clients) forgetClient(store, phoneNumberId)
    },
    /** The row of a number, whoever has it. */
    rowOf: async (phoneNumberId: string) => (await store.raw.clients.findOne({ phoneNumberId, deletedAt: null })) as ClientDoc,
    connection: async () => (await store.raw.connections.find({}).sort({ createdAt: -1 }).limit(1).next()) as ConnectionDoc,
    /** The customer's way through the dialog. @returns the address that it returns to, on this gateway */
    async choose(oauthUrl: string, choice: string, more: Record<string, string> = {}): Promise<string> {
      const asked = new URL(oauthUrl)
      for (const [name, value] of Object.entries({ sim_choose: choice, ...more })) asked.searchParams.set(name, value)
      const answer = await fetch(asked, { redirect: 'manual' })
      const back = new URL(answer.headers.get('location') ?? 'http://nowhere.test')
      return `${back.pathname}${back.search}`
    },
    /** Begins a dialog and goes through it. */
    async throughDialog(choice: string, more: Record<string, string> = {}, body: object = {}): Promise<string> {
      const { body: begun } = await call('POST', '/api/auth/whatsapp/initiate', body)
      return await this.choose(begun.oauthUrl, choice, more)
    },
    returnJson: (path: string) => gateway.call('GET', path, { headers: { accept: 'application/json' } }),
    /** Where a browser is sent. */
    async returnBrowser(path: string): Promise<URL> {
      const headers = { accept: 'text/html,application/xhtml+xml' }
      const answer = await fetch(gateway.url + path, { headers, redirect: 'manual' })
      if (answer.status !== 302) throw new Error(`the callback answered ${answer.status}: ${await answer.text()}`)
      return new URL(answer.headers.get('location') as string)
    },
    /** A sign-up code as the JavaScript SDK gives one. */
    codeFor: (...wabaIds: string[]) => simulator.code({ wabaIds }).code,
    /** How often Meta carried a call out with success. */
    countOf: (method: string, path: string) =>
      simulator.calls({ method, path }).data.filter(({ status }) => status === 200).length,
    stepsOf: (body: { steps: Step[] }) => Object.fromEntries(body.steps.map(step => [step.key, step.state])),
    stepOf: (body: { steps: Step[] }, key: string) => body.steps.find(step => step.key === key) as Step,
    /** Runs a connection in a process that is killed in the first call that matches. @param isCarriedOut whether Meta got the call */
    async runUntilKilled(
      connection: ConnectionDoc,
      kill: { method: string; path: RegExp; isCarriedOut: boolean },
    ): Promise<void> {
      const { meta } = gateway.deps
      const dying =
        (method: 'get' | 'post' | 'delete'): MetaClient['graph']['get'] =>
        async (path, request) => {
          const isIt = method === kill.method.toLowerCase() && kill.path.test(path)
          if (isIt && kill.isCarriedOut) await meta.graph[method](path, request)
          if (isIt) throw new Killed()
          return await meta.graph[method](path, request)
        }
      const graph = { get: dying('get'), post: dying('post'), delete: dying('delete') }
      const deps = { ...onboardingDeps(gateway.deps), meta: { ...meta, graph } }
      await runConnection(deps, connection, 60_000).then(
        () => {
          throw new Error('nothing was killed')
        },
        error => {
          if (!(error instanceof Killed)) throw error
        },
      )
    },
    resume: (connection: ConnectionDoc) => runConnection(onboardingDeps(gateway.deps), connection, 60_000),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
export type Onboarding = Awaited<ReturnType<typeof openOnboarding>>
