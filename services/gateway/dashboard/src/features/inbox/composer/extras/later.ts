/** Times at which people like to send later. */
export interface Preset {
  id: 'hour' | 'evening' | 'tomorrow' | 'monday'
  at: Date
}

/** The furthest that a message may be scheduled. */
const MOST_DAYS = 90

/** What is offered at `now`, in the zone of the browser: in an hour, this evening, tomorrow and next Monday in the morning. */
export function presetsAt(now: Date): Preset[] {
  const day = (days: number, hour: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour)
  const untilMonday = (8 - now.getDay()) % 7 || 7
  const evening = day(0, 18)
  return [
    { id: 'hour', at: new Date(now.getTime() + 3_600_000) },
    ...(evening.getTime() - now.getTime() > 3_600_000 ? [{ id: 'evening' as const, at: evening }] : []),
    { id: 'tomorrow', at: day(1, 9) },
    ...(untilMonday > 1 ? [{ id: 'monday' as const, at: day(untilMonday, 9) }] : []),
  ]
}

/** A time as `<input type="datetime-local">` has it, without a zone. */
export const localText = (at: Date): string => new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)

/** The time that was typed; null when it lies in the past, too far ahead, or is none. */
export function timeIn(text: string, now: Date): Date | null {
  const at = new Date(text)
  const left = at.getTime() - now.getTime()
  return left > 0 && left <= MOST_DAYS * 86_400_000 ? at : null
}
