import type { TemplateProblem } from './problem.ts'

/**
 * Seconds for which Meta tries to deliver a template's message, by category: least and most. After them it is dropped without a
 * report.
 * @see https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/template-ttl
 */
const BOUNDS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  AUTHENTICATION: [30, 900],
  UTILITY: [30, 43_200],
  MARKETING: [43_200, 2_592_000],
}

/** Meta's value for 30 days, in every category. */
export const TTL_OF_30_DAYS = -1
/** The largest of all bounds. */
export const MAX_TTL_SECONDS = 2_592_000

/** What Meta would refuse of a template's time to live. @param seconds null: Meta's default */
export function timeToLiveProblems(seconds: number | null, category: string): TemplateProblem[] {
  const [least, most] = BOUNDS[category] ?? [0, MAX_TTL_SECONDS]
  if (seconds === null || seconds === TTL_OF_30_DAYS || (seconds >= least && seconds <= most)) return []
  const message = `A template of category ${category} has a time to live of ${least} to ${most} seconds, or -1 for 30 days.`
  return [{ path: 'messageSendTtlSeconds', message }]
}
