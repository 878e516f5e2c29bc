import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Secret, TOTP } from 'otpauth'
import { DEMO_USERS } from '#deploy/demo/world.ts'
import { linkoDir } from '#deploy/local/profiles.ts'
import { startStack } from '#deploy/local/stack.ts'

/**
 * `npm run fuzz`: schemathesis sends requests that it makes from the OpenAPI document, right and wrong ones, as each role, to a stack
 * of its own. No answer may be a 5xx, have a status that is not described, or another form than its schema. schemathesis comes from
 * PyPI into `.linko/fuzz/venv`. `-- --roles agent,admin --examples 20 --include-path-regex /labels` and other options of schemathesis.
 */
const VERSION = '4.32.5'
const ROLES = {
  agent: 'agent@whatsapp-saas.com',
  manager: 'manager@whatsapp-saas.com',
  admin: 'demo@whatsapp-saas.com',
  platform: 'admin@whatsapp-saas.com',
} as const
type Role = keyof typeof ROLES
const dir = linkoDir('fuzz')

const taken = new Set<number>()
const option = (name: string, fallback: string) => {
  const at = process.argv.indexOf(`--${name}`)
  if (at < 0) return fallback
  taken.add(at).add(at + 1)
  return process.argv[at + 1] ?? fallback
}
const roles = option('roles', Object.keys(ROLES).join(',')).split(',') as Role[]
const examples = option('examples', '25')
const further = process.argv.slice(2).filter((_argument, i) => !taken.has(i + 2))

/**
 * Checks that do not hold here. `ignored_auth` counts the 404 of somebody else's thing as an answer without sign-in;
 * `negative_data_rejection` and `positive_data_acceptance` want every rule in the schema, and half of ours are about what exists.
 */
const LEFT_OUT = 'negative_data_rejection,positive_data_acceptance,ignored_auth'

function installed(): string {
  const venv = path.join(dir, 'venv')
  const command = path.join(venv, 'bin', 'schemathesis')
  if (existsSync(command)) return command
  run('python3', ['-m', 'venv', venv])
  run(path.join(venv, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${VERSION}`])
  return command
}

function run(command: string, args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}`)
}

/** Signs in, with a second factor: the requests may ask the company for one, which would keep the caller out from then on. */
async function tokenOf(gateway: string, role: Role): Promise<string> {
  const user = DEMO_USERS.find(({ email }) => email === ROLES[role])
  const response = await fetch(`${gateway}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: user?.email, password: user?.password }),
  })
  if (!response.ok) throw new Error(`the ${role} could not sign in: ${response.status}`)
  const { accessToken } = (await response.json()) as { accessToken: string }
  const { secret } = await post<{ secret: string }>(gateway, '/auth/second-factor', accessToken)
  await post(gateway, '/auth/second-factor/confirm', accessToken, {
    code: new TOTP({ secret: Secret.fromBase32(secret) }).generate(),
  })
  return accessToken
}

async function post<T>(gateway: string, address: string, token: string, body: object = {}): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`${gateway}/api/v1${address}`, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/** Whether the caller has not lost their session or account in between: what was answered since would prove little. */
async function isSignedIn(gateway: string, token: string): Promise<boolean> {
  const ask = () => fetch(`${gateway}/api/v1/auth/me`, { headers: { authorization: `Bearer ${token}` } })
  // This process was blocked meanwhile: the connection that it kept has been closed.
  const response = await ask().catch(ask)
  if (!response.ok) console.log(`the caller was signed out in between: ${response.status} ${await response.text()}`)
  return response.ok
}

async function fuzz(role: Role, schemathesis: string): Promise<boolean> {
  const profile = 'fuzz-stack'
  for (const part of ['mongodb', 'rabbitmq', 'redis', 'spool', 'simulator.state'])
    rmSync(path.join(linkoDir(profile), part), { recursive: true, force: true })
  const extraEnv = {
    LOG_LEVEL: 'warn',
    JWT_ACCESS_TTL: '10h',
    ...{ RATE_LIMIT_API: '100000000/min', RATE_LIMIT_MESSAGES: '100000000/min', RATE_LIMIT_AUTH: '100000000/min' },
  }
  const envFile = path.join(linkoDir(profile), 'demo.env')
  await using stack = await startStack({ profile, envFile, docker: 'container', extraEnv, report: () => undefined })
  const gateway = stack.env.BASE_URL as string
  const document = path.join(dir, 'openapi.json')
  writeFileSync(document, await (await fetch(`${gateway}/api/v1/openapi.json`)).text())
  const token = await tokenOf(gateway, role)
  const args = [
    ...['run', document, '--url', gateway, '--checks', 'all', '--exclude-checks', LEFT_OUT],
    ...['--header', `Authorization:Bearer ${token}`],
    // Meta's own address, and what would end the caller's session or account.
    ...[
      '--exclude-tag',
      'webhook',
      '--exclude-path-regex',
      '/auth/(logout|password|sessions)|/users/[^/]+/sessions',
      '--exclude-operation-id',
      'deleteTenantsId',
    ],
    ...['--max-examples', examples, '--continue-on-failure', '--no-shrink', '--request-timeout', '30', '--max-redirects', '0'],
    // How long an answer takes depends on the machine; benchmarks measure it.
    ...['--max-response-time', '30'],
    ...['--suppress-health-check', 'all', '--report', 'junit', '--report-dir', path.join(dir, role)],
    ...further,
  ]
  console.log(`\n── ${role}`)
  const { status } = spawnSync(schemathesis, args, { cwd: dir, stdio: 'inherit' })
  return (await isSignedIn(gateway, token)) && status === 0
}

mkdirSync(dir, { recursive: true })
const schemathesis = installed()
let passed = 0
for (const role of roles) if (await fuzz(role, schemathesis)) passed++
console.log(`${passed} of ${roles.length} roles passed`)
process.exitCode = passed === roles.length ? 0 : 1
