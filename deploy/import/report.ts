export const KINDS = [
  'companies',
  'users',
  'numbers',
  'templates',
  'contacts',
  'conversations',
  'messages',
  'leads',
  'notes',
] as const
export type Kind = (typeof KINDS)[number]

export interface Counts {
  /** Rows of the source. */
  read: number
  created: number
  /** Here already: of an earlier run, or because the same thing exists. */
  present: number
  conflicts: number
}

/** A row that was not taken over, or not as it was. */
export interface Conflict {
  kind: Kind
  key: string
  problem: string
}

const MOST_SHOWN = 200

/** What an import did, or in a dry run would do. */
export class ImportReport {
  readonly counts = Object.fromEntries(KINDS.map(kind => [kind, { read: 0, created: 0, present: 0, conflicts: 0 }])) as Record<
    Kind,
    Counts
  >
  /** The first ones; all are counted. */
  readonly conflicts: Conflict[] = []

  add(kind: Kind, what: keyof Counts, count = 1): void {
    this.counts[kind][what] += count
  }

  conflict(kind: Kind, key: string, problem: string): void {
    this.counts[kind].conflicts++
    if (this.conflicts.length < MOST_SHOWN) this.conflicts.push({ kind, key, problem })
  }

  /** A table for the terminal, and the conflicts. No phone number and no text stands in it: keys are those of the source. */
  lines(): string[] {
    const used = KINDS.filter(kind => this.counts[kind].read > 0)
    const table = used.map(kind => {
      const { read, created, present, conflicts } = this.counts[kind]
      return [kind.padEnd(14), ...[read, created, present, conflicts].map(count => String(count).padStart(10))].join('')
    })
    const head = ['what'.padEnd(14), ...['read', 'created', 'present', 'conflicts'].map(name => name.padStart(10))].join('')
    const shown = this.conflicts.map(({ kind, key, problem }) => `${kind} ${key}: ${problem}`)
    const total = used.reduce((sum, kind) => sum + this.counts[kind].conflicts, 0)
    const more = total > shown.length ? [`… and ${total - shown.length} more`] : []
    return [head, ...table, ...(shown.length > 0 ? ['', ...shown, ...more] : [])]
  }
}
