/** Where a send job came from. */
export interface JobOrigin {
  traceparent: string | null
  /** When the broker got it, to the second. */
  enqueuedAt: Date | null
}

/** The origin of each send job, by message id. */
export type Origins = ReadonlyMap<string | null, JobOrigin>

/** Of a job whose delivery is not known any more. */
export const NO_ORIGIN: JobOrigin = { traceparent: null, enqueuedAt: null }
