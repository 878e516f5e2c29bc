import { EXCHANGES, QUEUES, RETRY_DELAYS_S, retryQueue, type Topology, topology } from './topology.ts'

/**
 * Users of the broker, one for each service. `receiver` is ingest with INGEST_ROLE=receiver, the part that faces the internet;
 * `topology` declares everything (`deploy/migrate.ts`) and publishes nothing.
 */
export const BROKER_USERS = ['gateway', 'ingest', 'receiver', 'sender', 'realtime', 'topology'] as const
export type BrokerUser = (typeof BROKER_USERS)[number]
export type ServiceName = Exclude<BrokerUser, 'topology'>

/** Patterns of names that a user may declare, publish or bind to, and consume or bind from. */
export interface Rights {
  configure: string
  write: string
  read: string
}

interface Owned {
  exchanges: string[]
  queues: string[]
}

/** Whoever consumes a queue owns it, together with the exchange that fills it. The delay queues belong to nobody. */
const OWNED: Record<ServiceName, Owned> = {
  gateway: { exchanges: [], queues: [] },
  receiver: { exchanges: [], queues: [] },
  ingest: {
    exchanges: [EXCHANGES.dead, EXCHANGES.webhook, EXCHANGES.media],
    queues: [QUEUES.dead, ...QUEUES.conversation, ...QUEUES.bulkStatus, QUEUES.account, QUEUES.media],
  },
  sender: { exchanges: [EXCHANGES.send], queues: [QUEUES.chat, QUEUES.bulk, QUEUES.receipts] },
  realtime: { exchanges: [EXCHANGES.event], queues: [...QUEUES.realtime, QUEUES.members] },
}

const DELAYS = RETRY_DELAYS_S.map(retryQueue)
/** Where a consumer puts what it cannot finish. */
const MOVES = [...DELAYS, EXCHANGES.dead]

/** The exchanges that a user publishes to. */
const PUBLISHES: Record<ServiceName, string[]> = {
  // Dead letters are sent again to where they came from, or through the shortest delay to their queue.
  gateway: [EXCHANGES.webhook, EXCHANGES.send, EXCHANGES.event, EXCHANGES.media, DELAYS[0] as string],
  ingest: [EXCHANGES.webhook, EXCHANGES.event, EXCHANGES.media, ...MOVES],
  receiver: [EXCHANGES.webhook],
  sender: [EXCHANGES.webhook, EXCHANGES.send, EXCHANGES.event, ...MOVES],
  realtime: MOVES,
}

/** The part of the topology that a service declares: its own exchanges and queues. */
export const topologyOf = (service: ServiceName): Topology => partOf(OWNED[service].exchanges, OWNED[service].queues)

/** The rest of the topology, which other services declare. */
export function topologyBeside(service: ServiceName): Topology {
  const [own, whole] = [topologyOf(service), topology()]
  const rest = (all: { name: string }[], mine: { name: string }[]) =>
    all.map(({ name }) => name).filter(name => !mine.some(other => other.name === name))
  return partOf(rest(whole.exchanges, own.exchanges), rest(whole.queues, own.queues))
}

/** Exchanges, queues and the bindings of these queues, in the order of the whole. */
function partOf(exchanges: readonly string[], queues: readonly string[]): Topology {
  const whole = topology()
  return {
    exchanges: whole.exchanges.filter(({ name }) => exchanges.includes(name)),
    queues: whole.queues.filter(({ name }) => queues.includes(name)),
    bindings: whole.bindings.filter(({ queue }) => queues.includes(queue)),
  }
}

/**
 * What a user may do, and nothing else. Declaring a queue with a dead-letter exchange and binding it needs all three rights.
 * @param eventExchange the operator's own exchange for events, which the sender fills
 */
export function rightsOf(user: BrokerUser, eventExchange?: string): Rights {
  if (user === 'topology') return rightsOfTopology()
  const { exchanges, queues } = OWNED[user]
  const others = user === 'sender' && eventExchange !== undefined ? [eventExchange] : []
  return {
    configure: anyOf([...exchanges, ...queues, ...others]),
    write: anyOf([...PUBLISHES[user], ...queues, ...others]),
    read: anyOf([...queues, ...exchanges]),
  }
}

/** The delay queues return their messages by the default exchange, so whoever declares them must be able to write to it. */
function rightsOfTopology(): Rights {
  const { exchanges, queues } = topology()
  const names = [...exchanges, ...queues].map(({ name }) => name)
  return { configure: anyOf(names), write: anyOf([...names, 'amq.default']), read: anyOf(names) }
}

/** A pattern for exactly these names; for none it is the empty name, which nothing has. */
function anyOf(names: readonly string[]): string {
  const escaped = [...new Set(names)].map(name => name.replaceAll(/[^\w]/g, '\\$&'))
  return escaped.length === 0 ? '^$' : `^(${escaped.join('|')})$`
}
