/** What a person last said about marketing messages. */
export interface Preference {
  optOut: boolean
  /** Null: nothing was said. */
  optOutAt: Date | null
  optOutSource: string | null
}

/**
 * What counts once a person has said something: the newest, whatever becomes known first, so that an older preference never undoes a
 * newer one that said the same as before. Meta's times are whole seconds: of the same second, what becomes known last.
 */
export function newerPreference(known: Preference, said: Preference): Preference {
  const [before, after] = [known.optOutAt?.getTime() ?? 0, said.optOutAt?.getTime() ?? 0]
  if (before !== after) return before > after ? known : said
  return known.optOut === said.optOut ? known : said
}
