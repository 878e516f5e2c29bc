/** What stands in an order by time. */
interface Placed {
  id: { toString(): string }
  at: Date
}

/** Whether one comes after another by its time; of the same time, the one with the greater id comes after. */
export const isLater = (one: Placed, other: Placed): boolean =>
  one.at.getTime() === other.at.getTime() ? String(one.id) > String(other.id) : one.at > other.at
