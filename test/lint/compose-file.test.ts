import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from '#shared/process/config.ts'
import { ADDRESSES, SECRETS } from '#shared/process/secrets.ts'

interface Service {
  image: string
  build?: { target: string }
  environment?: Record<string, string>
  profiles?: string[]
  ports?: string[]
  networks?: string[]
  depends_on?: Record<string, { condition: string }>
  user?: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  stop_grace_period?: string
  healthcheck?: object
  command?: string[]
}

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const file = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>
  networks: Record<string, { internal?: boolean }>
}
const services = Object.entries(file.services)
const PRODUCT = ['gateway', 'ingest', 'realtime', 'sender']
const SERVERS = ['mongodb', 'rabbitmq', 'redis']
const ENDING = ['broker-users', 'migrate', 'seed']
const byDefault = services.filter(([, { profiles }]) => profiles === undefined)

test('images are built from the stages of the Dockerfile', () => {
  const stages = [...read('Dockerfile').matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name)
  for (const [name, { image, build }] of services) {
    expect(image, name).toBeDefined()
    if (build) expect([build.target, stages.includes(build.target)]).toEqual([/:-([\w-]+)\}$/.exec(image)?.[1], true])
  }
})

test('foreign images have a version', () => {
  const foreign = services.filter(([, { build }]) => build === undefined).map(([, { image }]) => image)
  expect(foreign.filter(image => !/:-[\w/]+:v?\d+\.\d+\.\d+\}$/.test(image))).toEqual([])
  const node = (JSON.parse(read('package.json')) as { devDependencies: { node: string } }).devDependencies.node
  for (const text of [read('Dockerfile'), read('docker-compose.yml')]) expect(text).toContain(`node:${node}-slim`)
  for (const [, { image }] of services.filter(([name]) => SERVERS.includes(name)))
    expect(read('deploy/local/compose.yml'), image).toContain(/:-(.+)\}$/.exec(image)?.[1])
})

test('what the services need exists, and production needs nothing of the demo', () => {
  for (const [name, { depends_on: needed = {} }] of services)
    expect(
      Object.keys(needed).filter(other => file.services[other] === undefined),
      name,
    ).toEqual([])
  expect(byDefault.map(([name]) => name).toSorted()).toEqual([...PRODUCT, ...SERVERS, 'broker-users', 'migrate'].toSorted())
  expect(byDefault.filter(([, { image }]) => image.includes('linko-demo'))).toEqual([])
  for (const [name, { depends_on: needed = {} }] of byDefault)
    expect(
      Object.keys(needed).filter(other => file.services[other]?.profiles !== undefined),
      name,
    ).toEqual([])
})

test('production is the default', () => {
  for (const [name, { environment }] of services)
    if (environment && !SERVERS.includes(name)) expect(environment.NODE_ENV, name).toBe('$' + '{NODE_ENV:-production}')
})

test('no secret and no address has a default: without one nothing starts', () => {
  const isSecret = (name: string) => name in SECRETS || ['BASE_URL', 'META_APP_ID'].includes(name)
  const used = [...read('docker-compose.yml').matchAll(/\$\{(\w+)(:?[-?])?([^}]*)\}/g)]
  const defaults = used.filter(([, name = '', sign, value]) => isSecret(name) && sign === ':-' && value !== '')
  expect(defaults.map(([text]) => text)).toEqual([])
  const required = new Set(used.filter(([, , sign]) => sign === ':?').map(([, name]) => name))
  const needed = ['JWT_SECRET', 'TOKEN_ENCRYPTION_KEY', 'META_APP_SECRET', 'META_WEBHOOK_VERIFY_TOKEN', 'BASE_URL', 'META_APP_ID']
  const passwords = PRODUCT.map(name => `RABBITMQ_${name.toUpperCase()}_PASSWORD`)
  expect([...needed, ...passwords, 'RABBITMQ_TOPOLOGY_PASSWORD'].filter(name => !required.has(name))).toEqual([])
})

test('ports are open on this machine only, and servers have none', () => {
  const ports = services.flatMap(([name, { ports = [] }]) => ports.map(port => `${name} ${port}`))
  expect(ports.length).toBeGreaterThan(3)
  expect(ports.filter(port => !/ 127\.0\.0\.1:/.test(port))).toEqual([])
  for (const name of SERVERS) {
    expect(file.services[name]).not.toHaveProperty('ports')
    expect(file.services[name]?.networks).toEqual(['backend'])
  }
  expect(file.networks.backend).toEqual({ internal: true })
})

test.for(services)('%s has no rights that it does not need', ([, service]) => {
  expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
  if (service.build === undefined && !service.profiles) expect(service.user).toMatch(/^(mongodb|rabbitmq|redis)$/)
  expect(read('Dockerfile')).toMatch(/^USER node$/m)
})

test.for(services)('%s is watched, and has time to finish', ([name, service]) => {
  if (!ENDING.includes(name)) expect(service.healthcheck).toBeDefined()
  // `shared/process/stop.ts` ends a service after 25 s.
  expect(Number.parseInt(service.stop_grace_period ?? '', 10)).toBeGreaterThan(25)
})

/** The settings that a service reads, from the text of its configuration. */
function settingsOf(service: string): Set<string> {
  const text = read(`services/${service}/config.ts`)
  const shared = read('shared/process/config.ts')
  // `commonEnv` extends `tracesEnv`.
  const spread = ['commonEnv', 'tracesEnv', 'metaEnv', 'eventEnv']
    .filter(name => text.includes(name === 'tracesEnv' ? 'commonEnv' : name))
    .map(name => shared.slice(shared.indexOf(`const ${name} `)))
  const parts = [
    text,
    ...spread.map(part => part.slice(0, part.indexOf('\n}'))),
    ...(text.includes('storageEnv') ? [read('shared/storage/open.ts')] : []),
  ]
  return new Set(parts.flatMap(part => [...part.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name as string)))
}

test.for(PRODUCT)('%s gets the settings that it reads, and no secret besides', service => {
  const known = settingsOf(service)
  const given = Object.keys(file.services[service]?.environment ?? {})
  expect(given.filter(name => !known.has(name))).toEqual([])
  const secrets = [...Object.keys(SECRETS), ...ADDRESSES].filter(name => known.has(name))
  expect(secrets.filter(name => !given.includes(name))).toEqual([])
})

test('each service signs in to the broker as itself', () => {
  for (const service of PRODUCT) {
    const { RABBITMQ_URL } = file.services[service]?.environment ?? {}
    expect(RABBITMQ_URL).toBe(`amqp://linko-${service}:$\{RABBITMQ_${service.toUpperCase()}_PASSWORD}@rabbitmq:5672`)
  }
})

test('the file for the demo gives all that is asked for', () => {
  const asked = [...read('docker-compose.yml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name as string)
  const given = [...read('deploy/demo/compose.env').matchAll(/^(\w+)=.+$/gm)].map(([, name]) => name)
  expect(asked.filter(name => !given.includes(name))).toEqual([])
})
