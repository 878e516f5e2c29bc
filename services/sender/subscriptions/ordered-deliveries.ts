import type { EventDeliveryDoc } from '#shared/model/documents.ts'

/** Where deliveries that wait are read from, in the order of their events. */
export interface PendingDeliveries {
  after(seq: number, limit: number): Promise<EventDeliveryDoc[]>
  of(orderingKey: string, limit: number): Promise<EventDeliveryDoc[]>
}

/** Deliveries of one ordering key that wait. */
interface Sequence {
  key: string
  /** The first ones, in order; empty while they are still to be read. */
  rows: EventDeliveryDoc[]
  /** Whether more may wait in the database. */
  hasMore: boolean
  /** Whether the first one is being delivered. */
  isBusy: boolean
  /** Time in ms before which the first one is not due. */
  dueAt: number
  isReady: boolean
}

const PAGE = 100
/** Deliveries of one key in memory, and of all keys: the rest waits in the database. */
const MAX_OF_KEY = 20
const MAX_HELD = 200

/**
 * The deliveries of one subscription that wait: those of one ordering key one after the other, keys beside each other. Reads them
 * once in the order of their events; a key whose first delivery has to wait is left in the database until that one is due, so that
 * it holds back no other key.
 */
export class OrderedDeliveries {
  readonly #pending: PendingDeliveries
  /** When a delivery that was read is due, in ms: its next attempt, or at once. */
  readonly #dueAt: (row: EventDeliveryDoc) => number
  readonly #sequences = new Map<string, Sequence>()
  readonly #inHand = new Set<string>()
  readonly #toRead = new Set<Sequence>()
  #ready: Sequence[] = []
  #readTo = 0
  #mayHaveMore = true
  /** Raised when everything has to be read anew: what was asked before counts no longer. */
  #generation = 0
  #reading: Promise<void> | null = null

  constructor(pending: PendingDeliveries, dueAt: (row: EventDeliveryDoc) => number) {
    this.#pending = pending
    this.#dueAt = dueAt
  }

  /** Number of ordering keys with deliveries that are known to wait. */
  get size(): number {
    return this.#sequences.size
  }

  /** New deliveries were added behind all others. */
  added(): void {
    this.#mayHaveMore = true
  }

  /** Deliveries were changed by somebody else: all but those under way are read anew. */
  changed(): void {
    this.#generation++
    this.#readTo = 0
    this.#mayHaveMore = true
    this.#toRead.clear()
    this.#ready = []
    for (const sequence of this.#sequences.values()) {
      sequence.isReady = false
      this.#leaveInDatabase(sequence)
      if (!sequence.isBusy) this.#sequences.delete(sequence.key)
    }
  }

  /** Notes whose time has come, to be read by the next `fill`. */
  wakeDue(nowMs: number): void {
    for (const sequence of this.#sequences.values())
      if (!sequence.isBusy && sequence.rows.length === 0 && sequence.dueAt <= nowMs) this.#toRead.add(sequence)
  }

  /** Reads what is due into memory, as far as there is room. Calls at the same time share the work. @throws Outage */
  async fill(nowMs: number): Promise<void> {
    this.#reading ??= this.#read(nowMs).finally(() => {
      this.#reading = null
    })
    await this.#reading
  }

  /** Whether `fill` would find something to read. */
  hasToRead(): boolean {
    return this.#inHand.size < MAX_HELD && (this.#mayHaveMore || this.#toRead.size > 0)
  }

  /** The next delivery that is due; null while there is none. It must be given back by `settled`. */
  take(nowMs: number): EventDeliveryDoc | null {
    for (let sequence = this.#ready.shift(); sequence !== undefined; sequence = this.#ready.shift()) {
      sequence.isReady = false
      const [first] = sequence.rows
      if (first === undefined || sequence.isBusy) continue
      if (sequence.dueAt > nowMs) {
        this.#leaveInDatabase(sequence)
        continue
      }
      sequence.isBusy = true
      return first
    }
    return null
  }

  hasReady(): boolean {
    return this.#ready.length > 0
  }

  /** Ends what `take` began. @param retryAt time in ms of the next attempt; null: the delivery is over */
  settled({ _id, orderingKey }: EventDeliveryDoc, retryAt: number | null): void {
    const sequence = this.#sequences.get(orderingKey)
    if (sequence === undefined) return
    sequence.isBusy = false
    if (retryAt === null) {
      sequence.rows.shift()
      sequence.dueAt = 0
    } else {
      this.#leaveInDatabase(sequence)
      sequence.dueAt = retryAt
    }
    this.#inHand.delete(String(_id))
    if (sequence.rows.length > 0) this.#makeReady(sequence)
    else if (!sequence.hasMore) this.#sequences.delete(sequence.key)
    else if (retryAt === null) this.#toRead.add(sequence)
  }

  async #read(nowMs: number): Promise<void> {
    while (this.hasToRead()) {
      const [next] = this.#toRead
      if (next === undefined) await this.#readPage(nowMs)
      else {
        this.#toRead.delete(next)
        await this.#readSequence(next)
      }
    }
  }

  async #readPage(nowMs: number): Promise<void> {
    // Before the statement: what is added while it runs is read by the next one.
    this.#mayHaveMore = false
    const generation = this.#generation
    const page = await this.#pending.after(this.#readTo, PAGE)
    if (this.#generation !== generation) return
    for (const row of page) this.#place(row, nowMs)
    this.#readTo = page.at(-1)?.seq ?? this.#readTo
    if (page.length === PAGE) this.#mayHaveMore = true
  }

  #place(row: EventDeliveryDoc, nowMs: number): void {
    if (this.#inHand.has(String(row._id))) return
    const known = this.#sequences.get(row.orderingKey)
    if (known === undefined) this.#begin(row, nowMs)
    else if (isBefore(row, known)) {
      this.#leaveInDatabase(known)
      if (!known.isBusy) this.#toRead.add(known)
    } else if (known.hasMore || known.rows.length >= MAX_OF_KEY) known.hasMore = true
    else this.#hold(known, [row])
  }

  #begin(row: EventDeliveryDoc, nowMs: number): void {
    const dueAt = this.#dueAt(row)
    const sequence: Sequence = { key: row.orderingKey, rows: [], hasMore: false, isBusy: false, dueAt, isReady: false }
    this.#sequences.set(row.orderingKey, sequence)
    if (dueAt > nowMs) sequence.hasMore = true
    else this.#hold(sequence, [row])
    this.#makeReady(sequence)
  }

  /** Forgets the deliveries of a key but for one under way: their order is read from the database. */
  #leaveInDatabase(sequence: Sequence): void {
    sequence.hasMore = true
    for (const { _id } of sequence.rows.splice(sequence.isBusy ? 1 : 0)) this.#inHand.delete(String(_id))
  }

  async #readSequence(sequence: Sequence): Promise<void> {
    sequence.hasMore = false
    const generation = this.#generation
    const rows = await this.#pending.of(sequence.key, MAX_OF_KEY)
    if (this.#generation !== generation) return
    const [first] = rows
    if (first === undefined) {
      this.#sequences.delete(sequence.key)
      return
    }
    sequence.hasMore = rows.length === MAX_OF_KEY
    sequence.dueAt = this.#dueAt(first)
    this.#hold(sequence, rows)
    this.#makeReady(sequence)
  }

  #hold(sequence: Sequence, rows: readonly EventDeliveryDoc[]): void {
    sequence.rows.push(...rows)
    for (const { _id } of rows) this.#inHand.add(String(_id))
  }

  #makeReady(sequence: Sequence): void {
    if (sequence.isReady || sequence.isBusy || sequence.rows.length === 0) return
    sequence.isReady = true
    this.#ready.push(sequence)
  }
}

/** Whether a delivery belongs in front of what is known of its key: it was ordered again. */
const isBefore = (row: EventDeliveryDoc, { rows }: Sequence): boolean => rows.some(({ seq }) => seq > row.seq)
