import { ADDRESSES, isKnown, LEAST_PASSWORD, SECRETS, weaknessOf } from './secrets.ts'

/**
 * Why production must not start with these settings, one line for each: secrets that are known, short, repetitive or equal, and
 * addresses that anybody could listen to. No line holds a value.
 * @param names the settings that the service reads; it is not asked for those of other services
 */
export function productionProblems(env: NodeJS.ProcessEnv, names: readonly string[]): string[] {
  if (env.NODE_ENV !== 'production') return []
  const own = Object.fromEntries(names.flatMap(name => (env[name] ? [[name, env[name]]] : []))) as Record<string, string>
  const secrets = secretsOf(own)
  return [
    ...secrets.flatMap(({ name, value, least }) => problem(name, weaknessOf(value, least))),
    ...equalSecrets(secrets),
    ...brokerProblems(own),
    ...addressProblems(own, names),
    ...metaProblems(own),
  ].map(line => `  ${line}`)
}

interface Secret {
  name: string
  value: string
  least: number
}

/** The secrets and passwords of the settings; a setting with several values gives each. */
function secretsOf(env: Record<string, string>): Secret[] {
  const secrets = Object.entries(SECRETS).flatMap(([name, least]) =>
    partsOf(name, env[name]).map(value => ({ name, value, least })),
  )
  const passwords = ADDRESSES.flatMap(name => {
    const { password } = credentialsOf(env[name] ?? '')
    return password === null ? [] : [{ name, value: password, least: LEAST_PASSWORD }]
  })
  return [...secrets, ...passwords]
}

function partsOf(name: string, text: string | undefined): string[] {
  if (text === undefined) return []
  if (name === 'TOKEN_ENCRYPTION_KEYS') return text.split(',').map(part => part.slice(part.indexOf(':') + 1).trim())
  return name === 'META_APP_SECRET' ? text.split(',').map(part => part.trim()) : [text]
}

/** User and password of an address; an address of MongoDB may name several hosts, which `URL` refuses. */
function credentialsOf(address: string): { user: string | null; password: string | null } {
  const given = /^[a-z+]+:\/\/([^/@]*)@/i.exec(address)?.[1]
  if (given === undefined) return { user: null, password: null }
  const colon = given.indexOf(':')
  const [user, password] = colon < 0 ? [given, ''] : [given.slice(0, colon), given.slice(colon + 1)]
  return { user: decoded(user), password: decoded(password) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Whoever finds one of two equal secrets has both. */
function equalSecrets(secrets: readonly Secret[]): string[] {
  return secrets.flatMap(({ name, value }, i) => {
    const other = secrets.slice(0, i).find(earlier => earlier.value === value && earlier.name !== name)
    return other === undefined ? [] : [`${name}: has the same value as ${other.name}`]
  })
}

/** Without a user RabbitMQ's clients sign in as `guest`, whose password is `guest`. */
function brokerProblems({ RABBITMQ_URL: address }: Record<string, string>): string[] {
  if (address === undefined) return []
  const { user, password } = credentialsOf(address)
  return user === null || password === null || user === 'guest' ? ['RABBITMQ_URL: needs a user of its own with a password'] : []
}

const PUBLIC = ['BASE_URL', 'DASHBOARD_URL', 'SOCKET_URL'] as const

/** The refresh cookie is `Secure` only where BASE_URL is https, so that one must be given. */
function addressProblems(env: Record<string, string>, names: readonly string[]): string[] {
  const missing = names.includes('BASE_URL') && !env.BASE_URL ? ['BASE_URL: required in production'] : []
  const plain = PUBLIC.filter(name => env[name] && !/^(https|wss):\/\//i.test(env[name]))
  return [...missing, ...plain.map(name => `${name}: must be https in production`)]
}

/** Tokens of real numbers must not go to a simulator, nor over a line that others can read. */
function metaProblems(env: Record<string, string>): string[] {
  const { META_APP_ID: app, META_GRAPH_URL: graph, META_MEDIA_HOSTS: hosts = '' } = env
  const isNear = hosts.split(',').some(host => host.trim() !== '' && isNearby(hostOf(`https://${host.trim()}`)))
  return [
    ...problem('META_APP_ID', app !== undefined && isKnown(app) ? 'is the app of the demo' : null),
    ...problem('META_GRAPH_URL', graph === undefined || graph.startsWith('https://') ? null : 'must be https in production'),
    ...problem('META_GRAPH_URL', graph !== undefined && isNearby(hostOf(graph)) ? 'is not Meta but a simulator' : null),
    ...problem('META_MEDIA_HOSTS', isNear ? 'names a simulator' : null),
  ]
}

const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).hostname : '')

/** Whether a host is this machine, a container beside it, or called a simulator. `*.fbcdn.net` is none of it. */
const isNearby = (host: string): boolean =>
  /(^|\.)(localhost|local|internal|test)$|^(127|0|10|192\.168)\.|^\[|simulator/i.test(host) ||
  (host !== '' && !host.includes('.'))

const problem = (name: string, sentence: string | null): string[] => (sentence === null ? [] : [`${name}: ${sentence}`])
