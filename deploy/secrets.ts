import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '#shared/process/config.ts'
import { BROKER_USERS } from '#shared/queue/rights.ts'
import { passwordSetting } from './broker-users.ts'

/** Addresses that only the operator knows; `SOCKET_URL` and the origins follow from the first one unless they are given. */
export interface PublicAddresses {
  /** Of the REST API, https. */
  baseUrl: string
  /** Where clients find the sockets. */
  socketUrl?: string
}

const USAGE = `usage: npm run secrets -- --base-url https://linko.example.com [--socket-url https://…] [--stdout]`

/** A complete set of settings for production, as the text of an `.env`: new secrets, and what only Meta's dashboard can tell. */
export function productionSettings({ baseUrl, socketUrl = baseUrl }: PublicAddresses): string {
  const { origin } = new URL(baseUrl)
  return [
    '# Secrets of this installation: keep a copy apart from the backup of the database, and out of version control.',
    'NODE_ENV=production',
    '',
    '# Public addresses, https',
    `BASE_URL=${baseUrl}`,
    `DASHBOARD_URL=${baseUrl}`,
    `SOCKET_URL=${socketUrl}`,
    `CORS_ORIGIN=${origin}`,
    '',
    '# From your app at developers.facebook.com',
    'META_APP_ID=',
    'META_APP_SECRET=',
    'META_CONFIG_ID=',
    "# Enter it there as the webhook's verify token",
    `META_WEBHOOK_VERIFY_TOKEN=${secret(16)}`,
    '',
    "# Meta's tokens at rest. Without it every number must be connected again",
    `TOKEN_ENCRYPTION_KEY=${secret(32)}`,
    '# Signs access tokens of users',
    `JWT_SECRET=${secret(32)}`,
    '',
    '# Users of RabbitMQ, one for each service',
    ...BROKER_USERS.map(user => `${passwordSetting(user)}=${secret(24)}`),
    '',
  ].join('\n')
}

const secret = (bytes: number) => randomBytes(bytes).toString('hex')

/**
 * `npm run secrets`: writes `.env`, readable by its owner only.
 * @returns what it has to say. @throws Error when an address is not https, or the file exists
 */
function main(): string {
  const { values } = parseArgs({
    options: {
      'base-url': { type: 'string' },
      'socket-url': { type: 'string' },
      stdout: { type: 'boolean' },
      file: { type: 'string' },
    },
  })
  const { 'base-url': baseUrl, 'socket-url': socketUrl, stdout = false, file = path.join(ROOT, '.env') } = values
  const addresses = [baseUrl, socketUrl].filter(address => address !== undefined)
  if (baseUrl === undefined || !addresses.every(isHttps)) throw new Error(`The address must be https.\n${USAGE}`)
  const text = productionSettings({ baseUrl, ...(socketUrl !== undefined && { socketUrl }) })
  if (stdout) return text
  if (!writeNew(file, text))
    throw new Error(`${file} exists. It is not overwritten: its key may be the only one that opens stored tokens.`)
  return `${file} is written, for its owner only. Enter META_APP_ID and META_APP_SECRET, then: docker compose up --build -d\n`
}

const isHttps = (address: string) => URL.canParse(address) && new URL(address).protocol === 'https:'

/** @returns false when the file exists already */
function writeNew(file: string, text: string): boolean {
  try {
    const handle = openSync(file, 'wx', 0o600)
    writeSync(handle, text)
    closeSync(handle)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

if (import.meta.main) {
  try {
    process.stdout.write(main())
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
