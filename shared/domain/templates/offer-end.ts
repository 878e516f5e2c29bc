const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/i
/** Milliseconds have at least this many digits since September 2001; fewer are seconds, which nobody means here. */
const MS = /^\d{13}$/

/** End of an offer in ms since 1970, from an ISO 8601 time with its zone or from milliseconds; null if it is neither. */
export function parseOfferEnd(value: string): number | null {
  const given = value.trim()
  if (MS.test(given)) return Number(given)
  const at = ISO.test(given) ? Date.parse(given) : Number.NaN
  return Number.isNaN(at) ? null : at
}
