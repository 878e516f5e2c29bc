import type { SequencedEvent } from '#shared/contracts/socket-events.ts'

interface Owner {
  tenantId: string
  /** Sockets of the user on this node. */
  sockets: number
  ids: Set<string>
  /** While the ids are read: those that events took away meanwhile. */
  removed: Set<string> | null
  loaded: Promise<void>
}

/**
 * The conversations of the users on this node who see their own alone. They are read once, when a user's first socket connects,
 * and follow the events after that. Events are applied in the tenant's order, before they are emitted.
 */
export class OwnConversations {
  readonly #owners = new Map<string, Owner>()
  readonly #read: (tenantId: string, userId: string) => Promise<string[]>

  constructor(read: (tenantId: string, userId: string) => Promise<string[]>) {
    this.#read = read
  }

  /** Adds a socket of a user. Its tenant's feed must be open. @throws Outage */
  async add(tenantId: string, userId: string): Promise<void> {
    const owner = this.#owners.get(userId) ?? this.#open(tenantId, userId)
    owner.sockets++
    try {
      await owner.loaded
    } catch (error) {
      this.remove(userId)
      throw error
    }
  }

  remove(userId: string): void {
    const owner = this.#owners.get(userId)
    if (owner !== undefined && --owner.sockets === 0) this.#owners.delete(userId)
  }

  has(userId: string, conversationId: string): boolean {
    return this.#owners.get(userId)?.ids.has(conversationId) === true
  }

  /** Follows an event that says whose conversation it is. @returns the users who lost it, with its id */
  apply(event: SequencedEvent): { userId: string; conversationId: string }[] {
    const told = assignmentIn(event)
    if (told === undefined) return []
    const { conversationId, assignee } = told
    const losers: { userId: string; conversationId: string }[] = []
    for (const [userId, owner] of this.#owners) {
      if (owner.tenantId !== event.tenantId) continue
      if (userId === assignee) {
        owner.ids.add(conversationId)
        owner.removed?.delete(conversationId)
        continue
      }
      owner.removed?.add(conversationId)
      if (owner.ids.delete(conversationId)) losers.push({ userId, conversationId })
    }
    return losers
  }

  /**
   * Whether a user sees an event. An assignment is seen by both whom it concerns; the state of a conversation by whoever had it in
   * that state; everything else of a conversation by whoever has it now.
   */
  sees(userId: string, event: SequencedEvent): boolean {
    const { conversationId, payload } = event
    if (conversationId === null) return true
    if ('assignedTo' in payload) return idOf(payload.assignedTo) === userId || idOf(payload.previouslyAssignedTo) === userId
    const told = assignmentIn(event)
    return this.has(userId, conversationId) && (told === undefined || told.assignee === userId)
  }

  #open(tenantId: string, userId: string): Owner {
    const owner: Owner = { tenantId, sockets: 0, ids: new Set(), removed: new Set(), loaded: Promise.resolve() }
    owner.loaded = this.#read(tenantId, userId).then(ids => {
      for (const id of ids) if (!owner.removed?.has(id)) owner.ids.add(id)
      owner.removed = null
    })
    this.#owners.set(userId, owner)
    return owner
  }
}

/** Whose conversation it is after the event, null for nobody's; undefined: the event does not say. */
function assignmentIn({ payload }: SequencedEvent): { conversationId: string; assignee: string | null } | undefined {
  if ('assignedTo' in payload) return { conversationId: String(payload.conversationId), assignee: idOf(payload.assignedTo) }
  // The event of a merged conversation holds the one that it was merged into.
  const whole = payload.conversation as { id?: unknown; assignedTo?: unknown } | undefined
  return whole && { conversationId: String(whole.id), assignee: idOf(whole.assignedTo) }
}

const idOf = (user: unknown): string | null => {
  const id = (user as { id?: unknown } | null | undefined)?.id
  return typeof id === 'string' ? id : null
}
