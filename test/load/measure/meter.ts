import { setTimeout as sleep } from 'node:timers/promises'
import type { mongo } from 'mongoose'
import type { Store } from '#shared/store/connect.ts'
import type { Child } from '../child.ts'
import type { Turn } from './figures.ts'
import { cpuUsOf, serverPids } from './processes.ts'

/** What was spent in some seconds: requests at mongod, and CPU of each process in ms. */
export interface Spending {
  seconds: number
  requests: number
  /** Of the requests, those that work on documents, by the command's name. */
  commands: Record<string, number>
  aborts: number
  cpuMs: Record<string, number>
}

const COMMANDS = ['find', 'aggregate', 'distinct', 'insert', 'update', 'delete', 'findAndModify', 'commitTransaction']

/** What had been spent at a moment. */
export type Reading = Spending

export interface Meter {
  read(): Promise<Reading>
}

/** Counts services and the servers behind them; servers that ran before the benchmark are left out. */
export function createMeter(store: Store, services: Record<string, Child>): Meter {
  const pids = Object.entries(serverPids())
  return {
    async read() {
      const status = await (store.connection.db as mongo.Db).admin().command({ serverStatus: 1 })
      const own = Object.entries(services).map(([name, child]) => [name, child.cpuUs() / 1000] as const)
      const servers = pids.map(([name, pid]) => [name, cpuUsOf(pid) / 1000] as const)
      return {
        seconds: performance.now() / 1000,
        requests: Number(status.network.numRequests),
        commands: Object.fromEntries(COMMANDS.map(name => [name, Number(status.metrics.commands[name]?.total ?? 0)])),
        aborts: Number(status.transactions.totalAborted),
        cpuMs: Object.fromEntries([...own, ...servers]),
      }
    },
  }
}

/** @param ownRequests requests of the benchmark itself meanwhile */
export function between(before: Reading, after: Reading, ownRequests = 0): Spending {
  return {
    seconds: after.seconds - before.seconds,
    requests: after.requests - before.requests - ownRequests,
    commands: eachOf(after.commands, (count, name) => count - (before.commands[name] ?? 0)),
    aborts: after.aborts - before.aborts,
    cpuMs: eachOf(after.cpuMs, (ms, name) => ms - (before.cpuMs[name] ?? 0)),
  }
}

/** What is spent while nobody does anything; all are up, as they are while one of them is loaded. */
export async function idleOf(meters: readonly Meter[], seconds: number): Promise<Spending[]> {
  const before = await Promise.all(meters.map(meter => meter.read()))
  await sleep(seconds * 1000)
  const after = await Promise.all(meters.map(meter => meter.read()))
  // The readings are requests too.
  return after.map((reading, i) => between(before[i] as Reading, reading, meters.length))
}

/** What was spent beyond that which the same processes spend in the same time when they have nothing to do. */
export function beyondIdle(spent: Spending, idle: Spending): Spending {
  const share = spent.seconds / idle.seconds
  return {
    ...spent,
    requests: spent.requests - idle.requests * share,
    commands: eachOf(spent.commands, (count, name) => count - (idle.commands[name] ?? 0) * share),
    cpuMs: eachOf(spent.cpuMs, (ms, name) => ms - (idle.cpuMs[name] ?? 0) * share),
  }
}

/** CPU of each process and of all, for one of so many operations. */
export function cpuPerOperation({ cpuMs }: Spending, operations: number): Turn {
  const each = Object.entries(cpuMs).map(([name, ms]) => [`${name} CPU ms`, ms / operations] as const)
  const total = Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0)
  return { ...Object.fromEntries(each), 'CPU ms in all': total / operations }
}

/** Requests and CPU of one of so many operations, or seconds. */
export const costOf = (spent: Spending, operations: number): Turn => ({
  requests: spent.requests / operations,
  ...eachOf(spent.commands, count => count / operations),
  ...cpuPerOperation(spent, operations),
})

const eachOf = (values: Record<string, number>, change: (value: number, name: string) => number) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]))
