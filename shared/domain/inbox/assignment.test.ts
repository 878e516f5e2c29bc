import { expect, test } from 'vitest'
import { type AgentLoad, type AssignmentSettings, NO_ASSIGNMENT, planAssignments } from './assignment.ts'

const agent = (id: string, load = 0, minute: number | null = null): AgentLoad => ({
  id,
  load,
  lastAssignedAt: minute === null ? null : new Date(Date.UTC(2026, 10, 29, 10, minute)),
})
const waiting = (count: number, more: { clientId?: string; labels?: string[] } = {}) =>
  Array.from({ length: count }, (_, i) => ({ id: `c${i + 1}`, clientId: 'n1', labels: [], ...more }))
const settings = (more: Partial<AssignmentSettings>): AssignmentSettings => ({ ...NO_ASSIGNMENT, mode: 'round-robin', ...more })
const agentsOf = (...given: Parameters<typeof planAssignments>) => planAssignments(...given).map(({ agentId }) => agentId)

test('[CV-23] [peers 55] in turn, whoever was served longest ago first', () => {
  const agents = [agent('a', 9, 5), agent('b', 0, 7), agent('c', 0, null)]
  expect(agentsOf(settings({}), waiting(5), agents)).toEqual(['c', 'a', 'b', 'c', 'a'])
})

test('[peers 55] the least busy first, in turn among equals', () => {
  const agents = [agent('a', 2), agent('b', 0, 9), agent('c', 0, 1)]
  expect(agentsOf(settings({ mode: 'least-busy' }), waiting(6), agents)).toEqual(['c', 'b', 'c', 'b', 'a', 'c'])
})

test('[beyond 21] nobody gets more than the capacity; the longest wait is served first', () => {
  const own = settings({ capacity: 2, capacities: [{ agentId: 'b', capacity: 1 }] })
  expect(planAssignments(own, waiting(5), [agent('a', 1), agent('b', 0)])).toEqual([
    { conversationId: 'c1', agentId: 'a' },
    { conversationId: 'c2', agentId: 'b' },
  ])
})

test('[peers 55] by label or number, the first rule that fits', () => {
  const rules = [
    { label: 'vip', clientId: null, agentIds: ['b'] },
    { label: null, clientId: 'n2', agentIds: ['a', 'gone'] },
    { label: 'vip', clientId: 'n2', agentIds: ['c'] },
  ]
  const agents = [agent('a'), agent('b'), agent('c', 0, 9)]
  expect(agentsOf(settings({ rules }), waiting(2, { labels: ['vip'], clientId: 'n2' }), agents)).toEqual(['b', 'b'])
  expect(agentsOf(settings({ rules }), waiting(2, { clientId: 'n2' }), agents)).toEqual(['a', 'a'])
  expect(agentsOf(settings({ rules }), waiting(3), agents)).toEqual(['a', 'b', 'c'])
})

test('[peers 55] off, and without agents, nothing is assigned', () => {
  expect(planAssignments(NO_ASSIGNMENT, waiting(3), [agent('a')])).toEqual([])
  expect(planAssignments(settings({}), waiting(3), [])).toEqual([])
})
