import { createServer } from 'node:http'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { startMediaWorker } from '#services/ingest/media/worker.ts'
import { createReceiver } from '#services/ingest/receiver/receiver.ts'
import { startDeadLetterConsumer } from '#services/ingest/recorder/dead-letters.ts'
import { startRecorder } from '#services/ingest/recorder/recorder.ts'
import { startSender } from '#services/sender/sender.ts'
import { createSendLimits } from '#shared/limits/send-limits.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import { sign } from '#shared/meta/signature.ts'
import { listen } from '#shared/process/health.ts'
import { createLogger } from '#shared/process/logger.ts'
import { createWorld } from '../world.ts'
import { openGateway } from './gateway.ts'
import { APP_SECRET, keyring, VERIFY_TOKEN } from './ingest.ts'

/** What must never be seen, in the forms in which it is looked for. */
export const CANARY = {
  text: 'CANARYTEXT of an illness',
  name: 'CANARYNAME Benani',
  phone: '212661777123',
  token: 'EAACANARYTOKEN5f2a9',
  word: 'CANARYPASSWORD-1x',
  apiKey: 'lk_ab12cd_CANARYKEY7788',
} as const
/** A wamid as Meta makes it, around the phone number. */
export const WAMID = `wamid.${Buffer.from(`\x1c\x18\x0c${CANARY.phone}\x15\x02\x00\x12\x18\x143A9B1C2D3E4F50617283`, 'latin1').toString('base64')}`

const SIGHTINGS = /CANARY(?:TEXT|NAME|TOKEN|PASSWORD|KEY)|661777123|0661 ?777/
const IN_BASE64 = WAMID.slice('wamid.'.length, 'wamid.'.length + 18)

/** Lines of a text that show a canary. @param allowed what may be shown all the same */
export const sightingsIn = (text: string, allowed?: RegExp): string[] =>
  text
    .split('\n')
    .filter(line => SIGHTINGS.test(allowed ? line.replace(allowed, '') : line) || line.includes(IN_BASE64))
    .map(line => line.slice(0, 2000))

/**
 * The answer to a request, which is repeated when its connection was closed: a server may end one that it has left open for a while,
 * or whose upload it refused, at the very moment at which it is used again.
 */
export async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await ask()
    } catch (error) {
      if (tries === 5 || !(error instanceof TypeError)) throw error
    }
}

/** The whole platform in one process, with a Meta that fails as asked. Every log line of it is kept, down to debug. */
export async function openWatched() {
  await using stack = new AsyncDisposableStack()
  const lines: string[] = []
  const log = createLogger('watched', 'debug', line => lines.push(line))
  const world = stack.use(await createWorld())
  const simulator = stack.use(await createSimulator({ reviewMs: 3_600_000 }))
  const gateway = stack.use(await openGateway(world, { META_GRAPH_URL: simulator.url }, undefined, log))
  const { store, queue, redis, deps } = gateway
  stack.use(await startDeadLetterConsumer({ store, queue, log }))
  stack.use(await startRecorder({ store, queue, log }))
  const meta = stack.use(createMetaClient({ baseUrl: simulator.url, version: 'v25.0', timeoutMs: 5000 }))
  const hosts = [new URL(simulator.url).host]
  const graphUrl = simulator.url
  stack.use(await startMediaWorker({ store, queue, storage: deps.storage, meta, keyring, hosts, graphUrl, log }))
  const limits = (liveSenders: () => number) => createSendLimits({ redis, liveSenders, prefix: `{${store.connection.name}}` })
  const sending = { store, queue, meta, keyring, storage: deps.storage, log, limits }
  stack.use(await startSender(sending, { outboxEveryMs: 500, unknownDeadlineMs: 2000 }))
  const app = createReceiver({ queue, spool: null, secrets: [APP_SECRET], verifyToken: VERIFY_TOKEN, log })
  const receiver = stack.use(await listen(createServer(app), '127.0.0.1', 0))
  const webhookUrl = `http://127.0.0.1:${receiver.port}/api/v1/webhook`

  const opened = stack.move()
  return {
    gateway,
    simulator,
    log,
    lines,
    webhookUrl,
    /** A webhook with a right signature. */
    async post(body: unknown): Promise<number> {
      const raw = typeof body === 'string' ? body : JSON.stringify(body)
      const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(raw, APP_SECRET) }
      const answer = await untilAnswered(() => fetch(webhookUrl, { method: 'POST', body: raw, headers }))
      return answer.status
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
export type Watched = Awaited<ReturnType<typeof openWatched>>
