import { z } from 'zod'
import type { ErrorReport } from '../domain/messages/send-errors.ts'
import { scrub } from '../process/scrub.ts'

/** Readers of Meta's answers: they do not trust the shape, and never throw. */

/** JSON object in `text`; null for HTML, an empty body, an array or a truncated answer. */
export function parseJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

const optionalText = z.string().max(512).nullish().catch(null)

const Accepted = z.object({
  messages: z.array(z.object({ id: z.string().min(1).max(512), message_status: optionalText })).min(1),
  contacts: z
    .array(z.object({ wa_id: optionalText, user_id: optionalText }))
    .nullish()
    .catch(null),
})

/** Reads the answer to an accepted message; null without a message id. */
export function parseAccepted(json: unknown) {
  const { data } = Accepted.safeParse(json)
  const message = data?.messages[0]
  if (message === undefined) return null
  const contact = data?.contacts?.[0]
  return {
    wamid: message.id,
    messageStatus: message.message_status ?? null,
    waId: contact?.wa_id ?? null,
    userId: contact?.user_id ?? null,
  }
}

/** Number, also as text, which some proxies make of it. */
const code = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
])

const Envelope = z.object({
  error: z.object({
    code,
    error_subcode: code.nullish().catch(null),
    message: z.string().nullish().catch(null),
    is_transient: z.boolean().nullish().catch(null),
    error_user_title: z.string().nullish().catch(null),
    error_user_msg: z.string().nullish().catch(null),
    /** Details; a plain string on some Graph errors. */
    error_data: z
      .union([z.string(), z.looseObject({ details: z.string().nullish() })])
      .nullish()
      .catch(null),
  }),
})

/** Meta's error envelope; null when the answer has none. */
export function parseErrorEnvelope(json: unknown): ErrorReport | null {
  const { data } = Envelope.safeParse(json)
  if (data === undefined) return null
  const { error } = data
  const details = typeof error.error_data === 'string' ? error.error_data : error.error_data?.details
  return {
    code: error.code,
    subcode: error.error_subcode ?? null,
    title: cut(error.error_user_title ?? error.message),
    detail: cut(details ?? error.error_user_msg ?? error.message),
    isTransient: error.is_transient === true,
  }
}

/** `Retry-After`, in seconds or as a date, in ms from now: at most an hour, 0 when absent or unreadable. */
export function retryAfterMs(header: unknown, nowMs: number): number {
  if (typeof header !== 'string') return 0
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : 0
}

/** Usage of the call limits by Meta's own count, in per cent, and the time until calls are allowed again. */
export interface CallUsage {
  account: number
  app: number
  regainMs: number
}

const amount = z.coerce.number().nonnegative().catch(0)
const Counts = z.object({ call_count: amount, total_cputime: amount, total_time: amount })
const AccountUsage = z.record(z.string(), z.array(Counts.extend({ estimated_time_to_regain_access: amount })))

/** Usage by the headers of an answer; null when it has no readable ones. */
export function usageOf(headers: Record<string, unknown>): CallUsage | null {
  const rows = accountRows(headers['x-business-use-case-usage'])
  const app = readHeader(Counts, headers['x-app-usage'])
  if (rows === null && app === null) return null
  return { account: Math.max(0, ...(rows ?? []).map(most)), app: app === null ? 0 : most(app), regainMs: regainOf(rows ?? []) }
}

/** Meta's estimate in `X-Business-Use-Case-Usage` of the ms until calls are allowed again: at most a day, 0 without one. */
export const regainMs = (header: unknown): number => regainOf(accountRows(header) ?? [])

type AccountRow = z.infer<typeof AccountUsage>[string][number]

function accountRows(header: unknown): AccountRow[] | null {
  const usage = readHeader(AccountUsage, header)
  return usage && Object.values(usage).flat()
}

function readHeader<T>(schema: z.ZodType<T>, header: unknown): T | null {
  return typeof header === 'string' ? (schema.safeParse(parseJson(header)).data ?? null) : null
}

const most = (row: z.infer<typeof Counts>): number => Math.max(row.call_count, row.total_cputime, row.total_time)

/** Time until access is regained in ms; Meta names it in minutes. */
function regainOf(rows: AccountRow[]): number {
  return Math.min(Math.max(0, ...rows.map(row => row.estimated_time_to_regain_access)) * 60_000, 86_400_000)
}

/** Meta's words without tokens and phone numbers: users see them, and they are stored with the message. */
const cut = (text: string | null | undefined): string | null => (text == null ? null : scrub(text).slice(0, 1000))
