/** A number as Meta lists it; the newest comes first. */
interface Listed {
  phoneNumberId: string
  /** Digits of the phone number. */
  whatsappNumber: string
  isRegistered: boolean
}

/**
 * One entry for each phone number. While a number moves to another account Meta lists it there under a new id and still under its
 * former one: the named id counts, else the registered one, else the newest.
 */
export function onePerNumber<T extends Listed>(listed: readonly T[], namedId: string | null): T[] {
  const best = new Map<string, T>()
  for (const one of listed) {
    const other = best.get(one.whatsappNumber)
    if (other === undefined || rank(one, namedId) > rank(other, namedId)) best.set(one.whatsappNumber, one)
  }
  return listed.filter(one => best.get(one.whatsappNumber) === one)
}

const rank = ({ phoneNumberId, isRegistered }: Listed, namedId: string | null) =>
  phoneNumberId === namedId ? 2 : isRegistered ? 1 : 0
