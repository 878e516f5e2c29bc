/** Messages a second that a number may send: what Meta allows it, or less if its people want it slower. */
export const ratePerSecond = ({ throughput, maxPerSecond }: { throughput: number; maxPerSecond?: number | null }): number =>
  Math.min(throughput, maxPerSecond ?? throughput)
