/** `off`: conversations wait until somebody takes them. */
export const ASSIGNMENT_MODES = ['off', 'round-robin', 'least-busy'] as const
export type AssignmentMode = (typeof ASSIGNMENT_MODES)[number]

/** How an account gives conversations whose customers wait to its agents. */
export interface AssignmentSettings {
  mode: AssignmentMode
  /** Most open conversations of an agent; null: any number. */
  capacity: number | null
  /** Agents with another capacity. */
  capacities: { agentId: string; capacity: number }[]
  /** Which agents get conversations with a label or of a number; the first that fits counts, and without one all agents. */
  rules: { label: string | null; clientId: string | null; agentIds: string[] }[]
  /** Minutes that a customer waits for an assignee who is not here before the conversation is given back; null: for ever. */
  giveBackMinutes: number | null
}

export const NO_ASSIGNMENT: AssignmentSettings = {
  mode: 'off',
  capacity: null,
  capacities: [],
  rules: [],
  giveBackMinutes: null,
}

/** An agent who takes conversations now: available and connected. */
export interface AgentLoad {
  id: string
  /** Open conversations. */
  load: number
  lastAssignedAt: Date | null
}

/** An unassigned conversation whose customer waits. */
export interface UnassignedConversation {
  id: string
  clientId: string
  labels: readonly string[]
}

/**
 * Who gets which conversation. Conversations without an agent who has room stay where they are.
 * @param waiting the longest wait first: it is served first
 */
export function planAssignments(
  settings: AssignmentSettings,
  waiting: readonly UnassignedConversation[],
  agents: readonly AgentLoad[],
): { conversationId: string; agentId: string }[] {
  if (settings.mode === 'off') return []
  const turns = new Map(agents.map(agent => [agent.id, { ...agent, turn: agent.lastAssignedAt?.getTime() ?? 0 }]))
  let next = Math.max(0, ...[...turns.values()].map(({ turn }) => turn)) + 1
  return waiting.flatMap(conversation => {
    const able = [...turns.values()].filter(agent => mayTake(settings, conversation, agent))
    const [best] = able.toSorted(settings.mode === 'round-robin' ? byTurn : byLoad)
    if (best === undefined) return []
    best.load++
    best.turn = next++
    return [{ conversationId: conversation.id, agentId: best.id }]
  })
}

interface Turn {
  id: string
  load: number
  turn: number
}

const byTurn = (a: Turn, b: Turn) => a.turn - b.turn || (a.id < b.id ? -1 : 1)
const byLoad = (a: Turn, b: Turn) => a.load - b.load || byTurn(a, b)

function mayTake(settings: AssignmentSettings, conversation: UnassignedConversation, { id, load }: Turn): boolean {
  const rule = settings.rules.find(one => fits(one, conversation))
  if (rule !== undefined && !rule.agentIds.includes(id)) return false
  const capacity = settings.capacities.find(({ agentId }) => agentId === id)?.capacity ?? settings.capacity
  return capacity === null || load < capacity
}

const fits = ({ label, clientId }: AssignmentSettings['rules'][number], conversation: UnassignedConversation): boolean =>
  (label === null || conversation.labels.includes(label)) && (clientId === null || clientId === conversation.clientId)
