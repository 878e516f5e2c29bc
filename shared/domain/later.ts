/** The time `ms` after a time; before it when `ms` is negative. */
export const later = (at: Date, ms: number): Date => new Date(at.getTime() + ms)
