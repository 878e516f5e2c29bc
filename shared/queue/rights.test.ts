import { expect, test } from 'vitest'
import { BROKER_USERS, rightsOf, type ServiceName, topologyBeside, topologyOf } from './rights.ts'
import { EXCHANGES, QUEUES, topology } from './topology.ts'

const SERVICES = BROKER_USERS.filter((user): user is ServiceName => user !== 'topology')
const namesOf = ({ exchanges, queues }: ReturnType<typeof topology>) => [
  ...exchanges.map(({ name }) => `exchange ${name}`),
  ...queues.map(({ name }) => `queue ${name}`),
]
const may = (pattern: string, name: string) => new RegExp(pattern).test(name)

test('every queue with a consumer belongs to one service, and only the delay queues to none', () => {
  const owned = SERVICES.flatMap(service => namesOf(topologyOf(service)))
  expect(owned.filter((name, i) => owned.indexOf(name) !== i)).toEqual([])
  expect(namesOf(topology()).filter(name => !owned.includes(name) && !name.includes('linko.retry.v1.'))).toEqual([])
})

test.for(SERVICES)('what %s declares and what it leaves to others is the whole', service => {
  const parts = [...namesOf(topologyOf(service)), ...namesOf(topologyBeside(service))]
  expect(parts.toSorted()).toEqual(namesOf(topology()).toSorted())
})

test.for(SERVICES)('%s may declare its own queues and no other', service => {
  const { configure, read } = rightsOf(service)
  for (const { name } of topologyOf(service).queues) expect([may(configure, name), may(read, name)]).toEqual([true, true])
  // The queue and the exchange of media have one name.
  for (const { name } of topologyBeside(service).queues)
    expect([name, may(configure, name), may(read, name)]).toEqual([name, false, false])
})

test('the receiver may publish webhooks and nothing else', () => {
  expect(rightsOf('receiver')).toEqual({ configure: '^$', write: '^(linko\\.webhook\\.v1)$', read: '^$' })
})

test('no service may publish to the default exchange, which reaches every queue', () => {
  for (const service of SERVICES) expect(may(rightsOf(service).write, 'amq.default'), service).toBe(false)
})

test('patterns match whole names', () => {
  const { write, read } = rightsOf('gateway')
  expect(may(write, EXCHANGES.send)).toBe(true)
  expect(may(write, QUEUES.chat)).toBe(false)
  expect(may(write, `x${EXCHANGES.send}`)).toBe(false)
  expect(may(write, 'linko_send_v1')).toBe(false)
  expect(may(read, '')).toBe(true)
  expect(may(read, QUEUES.chat)).toBe(false)
})
