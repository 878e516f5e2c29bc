import { createHash, randomBytes } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { readEnvironment } from '#shared/process/config.ts'
import { productionProblems } from '#shared/process/production.ts'
import { BROKER_USERS, type BrokerUser, rightsOf } from '#shared/queue/rights.ts'

/** Name of a user in the broker. */
export const brokerUserName = (user: BrokerUser) => `linko-${user}`
/** The setting with a user's password. */
export const passwordSetting = (user: BrokerUser) => `RABBITMQ_${user.toUpperCase()}_PASSWORD`

/**
 * Definitions for RabbitMQ (`load_definitions`, or `rabbitmqctl import_definitions`): a virtual host and a user for each password,
 * who may do what its service does and nothing else. There is no `guest`. Passwords are hashed.
 * @param eventExchange the operator's own exchange, to which the sender may then publish
 */
export function brokerDefinitions(passwords: Partial<Record<BrokerUser, string>>, vhost = '/', eventExchange?: string) {
  const users = BROKER_USERS.filter(user => passwords[user] !== undefined)
  return {
    vhosts: [{ name: vhost }],
    users: users.map(user => ({
      name: brokerUserName(user),
      password_hash: passwordHash(passwords[user] as string),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    })),
    permissions: users.map(user => ({ user: brokerUserName(user), vhost, ...rightsOf(user, eventExchange) })),
  }
}

/** RabbitMQ's own form: a salt of 32 bits and the SHA-256 of salt and password, in base64. */
function passwordHash(password: string): string {
  const salt = randomBytes(4)
  const digest = createHash('sha256').update(salt).update(password, 'utf8').digest()
  return Buffer.concat([salt, digest]).toString('base64')
}

/** The passwords of the environment. @throws Error that names those that are missing, or too weak for production */
export function readPasswords(env: NodeJS.ProcessEnv): Partial<Record<BrokerUser, string>> {
  // The receiver is a part of ingest; it has a user of its own where it is a process of its own.
  const missing = BROKER_USERS.filter(user => user !== 'receiver' && !env[passwordSetting(user)])
  const problems = [
    ...missing.map(user => `  ${passwordSetting(user)}: is missing`),
    ...productionProblems(env, BROKER_USERS.map(passwordSetting)),
  ]
  if (problems.length > 0) throw new Error(`The passwords of the broker are not valid:\n${problems.join('\n')}`)
  return Object.fromEntries(
    BROKER_USERS.flatMap(user => (env[passwordSetting(user)] ? [[user, env[passwordSetting(user)]]] : [])),
  )
}

/** Writes the definitions to the file that the argument names, else to standard output. The file is replaced in one step. */
function main(file: string | undefined): void {
  const env = readEnvironment()
  const definitions = brokerDefinitions(readPasswords(env), '/', env.EVENT_EXCHANGE_URL ? undefined : env.EVENT_EXCHANGE)
  const text = `${JSON.stringify(definitions, null, 2)}\n`
  if (file === undefined) return void process.stdout.write(text)
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

if (import.meta.main) main(process.argv[2])
