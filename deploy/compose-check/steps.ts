import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { containersOf, HEALTHY_MS, serviceOf, untilHealthy } from './containers.ts'
import { type Project, show } from './engine.ts'
import { expectThat, PRODUCT, say } from './report.ts'
import { createTraffic, type Promised, type Traffic } from './traffic.ts'

const SETTLED_MS = 5 * 60_000
const LOAD_MS = 15_000

/** Whether the services reach all servers, also those that they can do without. */
export async function seesServers(project: Project): Promise<void> {
  for (const service of ['GATEWAY', 'INGEST', 'REALTIME']) {
    const url = `http://127.0.0.1:${project.env[`LINKO_${service}_PORT`]}/ready`
    let text = ''
    for (const end = performance.now() + SETTLED_MS; performance.now() < end; await pause(2000)) {
      text = await fetch(url).then(response => response.text(), String)
      if (isAllWell(text)) break
    }
    expectThat(isAllWell(text), `${service.toLowerCase()}: ${text}`)
  }
}

const isAllWell = (text: string) => text.includes('"status":"ready"') && !text.includes('false')

/** What must not be open after the first production start. */
export async function firstStart(project: Project): Promise<void> {
  const services = (await containersOf(project)).map(serviceOf)
  expectThat(!services.some(name => ['simulator', 'seed'].includes(name)), 'no simulator and no demo users by default')
  const api = `http://127.0.0.1:${project.env.LINKO_GATEWAY_PORT}/api/v1`
  const login = await fetch(`${api}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'admin@whatsapp-saas.com', password: 'Admin@123456', client: 'api' }),
  })
  expectThat(login.status === 401, `the demo's administrator is not let in: ${login.status}`)
  const forged = await fetch(`http://127.0.0.1:${project.env.LINKO_INGEST_PORT}/api/v1/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` },
    body: '{"object":"whatsapp_business_account","entry":[]}',
  })
  expectThat(forged.status === 401, `a webhook with a wrong signature is refused: ${forged.status}`)
  const users = await project.compose('exec', '-T', 'rabbitmq', 'rabbitmqctl', '-q', 'list_permissions')
  expectThat(!/^guest\b/m.test(users), 'RabbitMQ has no guest')
  for (const service of PRODUCT)
    expectThat(new RegExp(`^linko-${service}\\b`, 'm').test(users), `RabbitMQ knows linko-${service}`)
}

export async function playDemo(project: Project): Promise<void> {
  say('npm run demo')
  const dir = mkdtempSync(path.join(tmpdir(), 'linko-compose-'))
  const { BASE_URL, SOCKET_URL, LINKO_SIMULATOR_PORT } = project.env
  const settings = { BASE_URL, SOCKET_URL, META_GRAPH_URL: `http://127.0.0.1:${LINKO_SIMULATOR_PORT}` }
  const file = path.join(dir, 'demo.env')
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  const isPlayed = await show(process.execPath, ['deploy/demo/demo.ts', file]).then(
    () => true,
    () => false,
  )
  expectThat(isPlayed, 'the demo plays against the containers')
  rmSync(dir, { recursive: true })
}

export async function trafficOf(project: Project): Promise<Traffic> {
  const api = `http://127.0.0.1:${project.env.LINKO_GATEWAY_PORT}/api/v1`
  const traffic = createTraffic({ api, simulator: `http://127.0.0.1:${project.env.LINKO_SIMULATOR_PORT}` })
  await traffic.signIn()
  await traffic.greet()
  return traffic
}

/** SIGTERM to all four services while customers write and users answer; then they start again. */
export async function drain(project: Project, traffic: Traffic): Promise<void> {
  say('SIGTERM of all services under load')
  const load = traffic.start()
  await pause(LOAD_MS)
  const startedAt = performance.now()
  await project.compose('stop', ...PRODUCT)
  const tookS = Math.round((performance.now() - startedAt) / 1000)
  const stopped = (await containersOf(project)).filter(it => PRODUCT.includes(serviceOf(it)))
  const ends = stopped.map(it => `${serviceOf(it)} ${it.State.ExitCode}`).toSorted()
  expectThat(
    stopped.every(it => it.State.ExitCode === 0),
    `each ended by itself, in ${tookS} s together: ${ends.join(', ')}`,
  )
  await pause(3000)
  await project.compose('start', ...PRODUCT)
  await untilHealthy(project, HEALTHY_MS)
  await pause(LOAD_MS / 3)
  await load.stop()
  await settle(traffic, load.promised, { mayFail: false })
}

/** SIGKILL to services and servers at once in the middle of everything; the second start must settle what is left. */
export async function killAll(project: Project, traffic: Traffic): Promise<void> {
  say('SIGKILL of services and servers under load, and a second start')
  const load = traffic.start()
  await pause(LOAD_MS)
  await project.compose('kill', ...PRODUCT, 'rabbitmq', 'mongodb', 'redis')
  await pause(3000)
  await project.compose('start', 'mongodb', 'rabbitmq', 'redis', ...PRODUCT)
  await untilHealthy(project, HEALTHY_MS)
  await pause(LOAD_MS / 3)
  await load.stop()
  await traffic.signIn()
  await settle(traffic, load.promised, { mayFail: true })
}

async function settle(traffic: Traffic, promised: Promised, rules: { mayFail: boolean }): Promise<void> {
  let broken = await traffic.broken(promised, rules)
  for (const end = performance.now() + SETTLED_MS; broken.length > 0 && performance.now() < end; ) {
    await pause(5000)
    broken = await traffic.broken(promised, rules)
  }
  const { accepted, received } = promised
  expectThat(
    accepted.length > 0 && received.length > 0,
    `${accepted.length} messages were accepted, ${received.length} customers' texts sent`,
  )
  expectThat(broken.length === 0, `each is there once, none is lost ${broken.slice(0, 10).join('; ')}`)
}
