/** What an account lets its agents see and answer. */
export interface InboxSettings {
  /** Agents see only the conversations that are assigned to them. */
  agentsSeeOwnOnly?: boolean
  /** Users may answer only the conversations that are assigned to them. */
  onlyAssigneeReplies?: boolean
}

/** Who asks. API keys are systems: neither rule is about them. */
export interface InboxUser {
  kind: 'user' | 'apiKey'
  id: string
  role: string
}

interface Assigned {
  assignedTo: { id: { toString(): string } } | null
}

/** Whether a user sees only the own conversations. */
export const seesOwnOnly = ({ agentsSeeOwnOnly }: InboxSettings, { kind, role }: Pick<InboxUser, 'kind' | 'role'>): boolean =>
  agentsSeeOwnOnly === true && kind === 'user' && role === 'agent'

/**
 * Why a user may not write into a conversation; null: they may.
 * @param conversation null: a new one
 */
export function replyRefusal(
  settings: InboxSettings,
  user: InboxUser,
  conversation: Assigned | null,
): 'hidden' | 'not-assignee' | null {
  if (conversation === null || isAssignee(conversation, user)) return null
  if (seesOwnOnly(settings, user)) return 'hidden'
  return settings.onlyAssigneeReplies === true && user.kind === 'user' ? 'not-assignee' : null
}

/** Whether a conversation that a user begins is theirs from the start: otherwise they could not follow it. */
export const keepsNewConversation = (settings: InboxSettings, user: InboxUser): boolean =>
  user.kind === 'user' && (seesOwnOnly(settings, user) || settings.onlyAssigneeReplies === true)

const isAssignee = ({ assignedTo }: Assigned, { kind, id }: InboxUser) => kind === 'user' && assignedTo?.id.toString() === id
