import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { DEMO_USERS } from '#deploy/demo/world.ts'
import type { Stack } from '#deploy/local/stack.ts'
import { sign } from '#shared/meta/signature.ts'
import { inboundBody } from '#test/load/bodies.ts'
import type { Facts } from '../trial.ts'
import { startTrial, watchMemory } from './stack.ts'
import { startLoad, untilStored, within } from './webhooks.ts'

const SOCKETS = Number(process.env.TRIAL_SOCKETS ?? 520)
const SIGN_INS = Number(process.env.TRIAL_SIGN_INS ?? 100)
const SECONDS = Number(process.env.TRIAL_SECONDS ?? 60)
const PER_SECOND = Number(process.env.TRIAL_RATE ?? 50)
const ASKED_PER_SECOND = 10
/** Longest p99 meanwhile: 200 ms, or twice the undisturbed one on a machine that is slow without them. */
const mostMs = (calm: Seen) => Math.max(200, 2 * calm.p99)
const MOST_MORE_MB = 150

/**
 * The two doors at which anybody may knock: silent connections before the webhook and sign-ins of people who do not exist before
 * the gateway, from one address, while Meta's webhooks and a user's requests go on. The same run without them comes first.
 */
export async function run(): Promise<Facts> {
  await using trial = await startTrial('silent-sockets', { RATE_LIMIT_API: '1000000/min' })
  const { stack, store } = trial
  const memory = watchMemory(stack)
  const load = await startLoad(stack, PER_SECOND)
  const newcomers = repeat(ASKED_PER_SECOND, firstWebhook(stack))
  const requests = repeat(ASKED_PER_SECOND, await tokenRequest(stack))
  await sleep(5000)
  const calmFrom = performance.now()
  await sleep(SECONDS * 1000)
  const calmTo = performance.now()
  const beforeMb = memory.most()
  const flood = silentSockets(stack)
  const signIns = unknownSignIns(stack)
  await sleep(2000)
  const floodFrom = performance.now()
  await sleep(SECONDS * 1000)
  const floodTo = performance.now()
  const mostMb = memory.most()
  const silent = flood.stop()
  const tried = await signIns.stop()
  await Promise.all([load.stop(), newcomers.stop(), requests.stop()])
  memory.stop()
  const storedMs = await untilStored(store, load, 60_000)

  const phases = { calm: [calmFrom, calmTo], flood: [floodFrom, floodTo] } as const
  const seen = (answers: Answers) => ({ calm: within({ answers }, ...phases.calm), flood: within({ answers }, ...phases.flood) })
  const [webhooks, firsts, asked] = [seen(load.answers), seen(newcomers.answers), seen(requests.answers)]
  return {
    'silent connections: opened, closed by ingest': [silent, null],
    'sign-ins of people who do not exist, by answer': [JSON.stringify(tried), null],
    ...compared('webhooks over known connections', webhooks),
    ...compared('webhooks over new connections', firsts),
    ...compared('requests with a token', asked),
    'all that was answered 200 is stored': [storedMs === null ? 'no' : 'yes', storedMs !== null],
    [`memory of ingest, MB: before, at most (≤ ${MOST_MORE_MB} more)`]: [
      `${beforeMb.toFixed(0)}, ${mostMb.toFixed(0)}`,
      mostMb <= beforeMb + MOST_MORE_MB,
    ],
  }
}

type Answers = { wamid: string; at: number; ms: number; status: number }[]
type Seen = ReturnType<typeof within>

function compared(what: string, { calm, flood }: { calm: Seen; flood: Seen }): Facts {
  const all = JSON.stringify(flood.statuses)
  return {
    [`${what}, answers meanwhile`]: [all, Object.keys(flood.statuses).join() === '200'],
    [`${what}, p50 and p99 ms without`]: [`${calm.p50.toFixed(1)}, ${calm.p99.toFixed(1)}`, null],
    [`${what}, p50 and p99 ms meanwhile (p99 ≤ ${mostMs(calm).toFixed(0)})`]: [
      `${flood.p50.toFixed(1)}, ${flood.p99.toFixed(1)}`,
      flood.p99 <= mostMs(calm),
    ],
  }
}

/** Asks so many times a second, whether or not earlier answers have come, and keeps what came. */
function repeat(perSecond: number, ask: (i: number) => Promise<number>) {
  const answers: Answers = []
  const open = new Set<Promise<void>>()
  let asked = 0
  const timer = setInterval(() => {
    const at = performance.now()
    const i = asked++
    const job: Promise<void> = ask(i)
      .catch(() => 0)
      .then(status => void answers.push({ wamid: String(i), at, ms: performance.now() - at, status }))
      .finally(() => open.delete(job))
    open.add(job)
  }, 1000 / perSecond)
  return {
    answers,
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
    },
  }
}

/** A signed webhook over a connection of its own, as from a server of Meta's that comes for the first time. */
function firstWebhook({ env }: Pick<Stack, 'env'>) {
  const secret = (env.META_APP_SECRET as string).split(',')[0] as string
  return async (i: number) => {
    const body = inboundBody(i % 50, `FIRST${i}x${process.pid}`)
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(body, secret) }
    const dispatcher = new Agent({ connections: 1 })
    const url = `http://127.0.0.1:${env.INGEST_PORT}/api/v1/webhook`
    const answer = await request(url, { method: 'POST', body, headers, dispatcher, headersTimeout: 10_000 })
    await answer.body.dump()
    await dispatcher.close()
    return answer.statusCode
  }
}

/** A list of conversations, asked for by a user who signed in before. */
async function tokenRequest({ env }: Pick<Stack, 'env'>) {
  const api = `http://127.0.0.1:${env.GATEWAY_PORT}/api/v1`
  const { email, password } = DEMO_USERS[3]
  const { token } = await signIn(api, email, password)
  return async () => {
    const answer = await request(`${api}/conversations?limit=1`, { headers: { authorization: `Bearer ${token}` } })
    await answer.body.dump()
    return answer.statusCode
  }
}

async function signIn(api: string, email: string, password: string) {
  const answer = await request(`${api}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password, client: 'api' }),
    headersTimeout: 120_000,
  })
  const { accessToken } = (await answer.body.json()) as { accessToken?: string }
  return { status: answer.statusCode, token: accessToken }
}

/** Half say nothing, half promise a body and send one byte of it; each comes again when it is closed. */
function silentSockets({ env }: Pick<Stack, 'env'>) {
  const sockets = new Set<Socket>()
  let [opened, closed, isOver] = [0, 0, false]
  const promise = `POST /api/v1/webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: sha256=${'0'.repeat(64)}\r\ncontent-length: 3000000\r\n\r\n{`
  function join(i: number): void {
    if (isOver) return
    opened++
    const socket = connect(Number(env.INGEST_PORT), '127.0.0.1', () => socket.write(i % 2 === 0 ? promise : ''))
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      closed++
      setTimeout(join, 50, i)
    })
  }
  for (let i = 0; i < SOCKETS; i++) join(i)
  return {
    /** @returns how many were opened and closed until now */
    stop() {
      isOver = true
      const counts = `${opened}, ${closed}`
      for (const socket of sockets) socket.destroy()
      return counts
    },
  }
}

/** So many at once all the time. @returns the number of each status when it is stopped */
function unknownSignIns({ env }: Pick<Stack, 'env'>) {
  const statuses: Record<number, number> = {}
  let isOver = false
  async function tryOn(worker: number): Promise<void> {
    for (let i = 0; !isOver; i++) {
      const email = `nobody${worker}-${i}@example.com`
      const answer = await signIn(`http://127.0.0.1:${env.GATEWAY_PORT}/api/v1`, email, 'Wrong@1234567').catch(() => null)
      const status = answer?.status ?? 0
      statuses[status] = (statuses[status] ?? 0) + 1
      // Who is refused at once comes again after a moment, or the trial would measure itself.
      if (status !== 401) await sleep(100)
    }
  }
  const workers = Array.from({ length: SIGN_INS }, (_, worker) => tryOn(worker))
  return {
    async stop() {
      isOver = true
      await Promise.all(workers)
      return statuses
    },
  }
}
