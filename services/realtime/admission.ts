/** Limits of one node. */
export interface AdmissionLimits {
  perUser: number
  perTenant: number
}

interface Holder {
  userId: string
  tenantId: string
}

/**
 * Places for the sockets of this node. A place is reserved before the socket joins its rooms, in the same tick in which the counts
 * are read, so that sockets that come at the same moment do not pass the limit together.
 */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #users = new Map<string, number>()
  readonly #tenants = new Map<string, number>()

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** @returns how to free the place, which may be called more than once; null when the user or the tenant has no place left */
  reserve({ userId, tenantId }: Holder): (() => void) | null {
    const { perUser, perTenant } = this.#limits
    if (countOf(this.#users, userId) >= perUser || countOf(this.#tenants, tenantId) >= perTenant) return null
    add(this.#users, userId, 1)
    add(this.#tenants, tenantId, 1)
    let isFreed = false
    return () => {
      if (isFreed) return
      isFreed = true
      add(this.#users, userId, -1)
      add(this.#tenants, tenantId, -1)
    }
  }
}

const countOf = (counts: Map<string, number>, key: string) => counts.get(key) ?? 0

function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = countOf(counts, key) + change
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}
