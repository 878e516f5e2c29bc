import { rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEMO_TENANTS, DEMO_USERS } from '#deploy/demo/world.ts'
import { linkoDir } from '#deploy/local/profiles.ts'
import { type Stack, startStack } from '#deploy/local/stack.ts'
import { isClean, Oracle, type Verdict } from './chaos/oracle.ts'
import { type Addresses, type BusinessNumber, type Ledger, runTraffic } from './chaos/traffic.ts'
import { connectWitness, type Witness } from './chaos/witness.ts'

/**
 * `npm run chaos`: each part is killed with -9 under load, several times over; afterwards what callers and Meta were promised
 * is compared with what is stored. `-- --rounds 5 --only sender,rabbitmq --rate 200`.
 */
const TARGETS = ['ingest', 'sender', 'realtime', 'gateway', 'rabbitmq', 'mongodb', 'redis'] as const
type Target = (typeof TARGETS)[number]

const option = (name: string, fallback: string) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback)
}
const isCi = process.argv.includes('--ci')
const rounds = Number(option('rounds', isCi ? '1' : '5'))
const rate = Number(option('rate', '200'))
const targets = option('only', isCi ? 'ingest,sender,realtime,gateway,rabbitmq' : TARGETS.join(',')).split(',') as Target[]

const BACK_WITHIN_MS = 30_000
const SETTLE_MS = 60_000
const BETWEEN_KILLS_MS = 3000
const CONTACTS = 600

const NUMBERS: BusinessNumber[] = [
  { phoneNumberId: DEMO_TENANTS.demo.phoneNumberId, ...credentials('demo@whatsapp-saas.com') },
  { phoneNumberId: DEMO_TENANTS.other.phoneNumberId, ...credentials('other@whatsapp-saas.com') },
]

function credentials(email: string): { email: string; password: string } {
  const user = DEMO_USERS.find(one => one.email === email)
  if (user === undefined) throw new Error(`no demo user ${email}`)
  return { email, password: user.password }
}

const supervisedOf = (stack: Stack, target: Target) =>
  target === 'rabbitmq' || target === 'mongodb' || target === 'redis' ? stack.servers[target].supervised : stack.processes[target]

/** Kills, and waits until the process of the target answers ready again. */
async function strike(stack: Stack, target: Target): Promise<number> {
  const supervised = supervisedOf(stack, target)
  if (!supervised) throw new Error(`${target} is not ours to kill: it came by its address or by Docker`)
  const starts = supervised.starts()
  const killedAt = Date.now()
  supervised.kill('SIGKILL')
  while (supervised.starts() === starts) await sleep(20)
  await supervised.ready()
  for (const process of Object.values(stack.processes)) await process.ready()
  return Date.now() - killedAt
}

async function trial(target: Target): Promise<boolean> {
  const profile = `chaos-${target}`
  const dir = linkoDir(profile)
  // What an aborted run left would count as doubled.
  for (const part of ['mongodb', 'rabbitmq', 'redis', 'spool', 'simulator.state'])
    rmSync(path.join(dir, part), { recursive: true, force: true })
  const quotas = {
    RATE_LIMIT_API: '100000000/min',
    RATE_LIMIT_MESSAGES: '100000000/min',
    RATE_LIMIT_AUTH: '100000/min',
    LOG_LEVEL: 'warn',
  }
  await using stack = await startStack({
    profile,
    envFile: path.join(dir, 'demo.env'),
    docker: 'container',
    extraEnv: quotas,
    report: () => undefined,
  })
  const addresses: Addresses = { gateway: stack.env.BASE_URL as string, simulator: stack.env.META_GRAPH_URL as string }
  await using oracle = new Oracle(stack.env.MONGODB_URI as string, addresses)
  const witnesses = await Promise.all(NUMBERS.map(number => connectWitness(stack.env.SOCKET_URL as string, addresses, number)))

  const stop = new AbortController()
  const options = {
    addresses,
    numbers: NUMBERS,
    inboundPerSecond: rate / 2,
    outboundPerSecond: rate / 2,
    contactsPerNumber: CONTACTS,
  }
  const traffic = runTraffic(options, stop.signal)
  traffic.catch(() => undefined)
  await sleep((CONTACTS * NUMBERS.length * 1000) / options.inboundPerSecond + BETWEEN_KILLS_MS)
  const downtimes: number[] = []
  for (let i = 0; i < rounds; i++) {
    downtimes.push(await strike(stack, target))
    await sleep(BETWEEN_KILLS_MS)
  }
  stop.abort()
  const ledger = await traffic
  const wamids = ledger.inbound.map(item => item.wamid)
  const settleStart = Date.now()
  const unsettled = await oracle.settle(SETTLE_MS, { wamids })
  const verdict = await oracle.verdict(ledger, unsettled)
  const missed = await Promise.all(witnesses.map(witness => witness.verdict()))
  for (const witness of witnesses) witness.close()
  return report(target, { verdict, ledger, downtimes, settleMs: Date.now() - settleStart, missed })
}

interface Outcome {
  verdict: Verdict
  ledger: Ledger
  downtimes: number[]
  settleMs: number
  missed: Awaited<ReturnType<Witness['verdict']>>[]
}

function report(target: Target, { verdict, ledger, downtimes, settleMs, missed }: Outcome): boolean {
  const worst = Math.max(...downtimes)
  const sockets = missed.reduce((sum, { gaps, repeats }) => ({ gaps: sum.gaps + gaps, repeats: sum.repeats + repeats }), {
    gaps: 0,
    repeats: 0,
  })
  const isGood =
    isClean(verdict) && worst <= BACK_WITHIN_MS && ledger.unanswered.length === 0 && sockets.gaps === 0 && sockets.repeats === 0
  const { inbound, accepted, failedUnsent, ...faults } = verdict
  const found = Object.entries({
    ...faults,
    unanswered: ledger.unanswered.length,
    socketGaps: sockets.gaps,
    socketRepeats: sockets.repeats,
  }).filter(([, count]) => count !== 0)
  console.log(
    `${isGood ? 'passed' : 'FAILED'}  ${target.padEnd(9)} killed ${downtimes.length}x, back within ${(worst / 1000).toFixed(1)} s, settled ${(settleMs / 1000).toFixed(1)} s after the load; ` +
      `${inbound} in, ${accepted} out (${ledger.repeats} repeated calls, ${failedUnsent} failed unsent); ${found.length === 0 ? 'nothing lost, nothing doubled' : found.map(([name, count]) => `${name} ${count}`).join(', ')}`,
  )
  return isGood
}

let passed = 0
for (const target of targets) if (await trial(target)) passed++
console.log(`${passed} passed, ${targets.length - passed} failed`)
process.exit(passed === targets.length ? 0 : 1)
