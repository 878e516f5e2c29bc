/** A count and when it was seen, in ms since 1970. */
export interface Sample {
  at: number
  sent: number
}

/** A rate is taken over at least this time, so that two counts shortly after each other do not show a jump. */
const WINDOW_MS = 3000

/** Adds a count, and leaves out what is older than `spanMs`. Counts that go back (a correction) begin anew. */
export function addSample(samples: readonly Sample[], sample: Sample, spanMs: number): readonly Sample[] {
  const last = samples.at(-1)
  if (last && sample.sent < last.sent) return [sample]
  return [...samples.filter(({ at }) => at > sample.at - spanMs), sample]
}

/** Messages a second at each count but the first, over the seconds before it. */
export function ratesOf(samples: readonly Sample[]): { at: number; rate: number }[] {
  return samples.slice(1).map((sample, i) => {
    const before = samples.slice(0, i + 1)
    const from = before.findLast(({ at }) => sample.at - at >= WINDOW_MS) ?? (before[0] as Sample)
    const ms = Math.max(1, sample.at - from.at)
    return { at: sample.at, rate: ((sample.sent - from.sent) / ms) * 1000 }
  })
}
