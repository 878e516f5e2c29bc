import { readFileSync } from 'node:fs'
import path from 'node:path'
import { traceToken } from '../world/ids.ts'
import { ERROR_TEXTS } from './error-texts.ts'

interface CodeRow {
  code: number | string
  subcode: number | null
  title: string
  http: number
}

const FILE = path.join(import.meta.dirname, '../error-codes.json')
const ROWS: readonly CodeRow[] = (JSON.parse(readFileSync(FILE, 'utf8')) as { codes: CodeRow[] }).codes

/** The row of a code, of its subcode where it has one of its own; a code such as 210 has the row of its range. */
function rowOf(code: number, subcode?: number): CodeRow | undefined {
  const own = ROWS.filter(row => includes(row, code))
  return own.find(row => row.subcode === (subcode ?? null)) ?? own.find(row => row.subcode === null) ?? own[0]
}

function includes({ code }: CodeRow, wanted: number): boolean {
  const [first, last = first] = String(code).split('-').map(Number)
  return wanted >= (first as number) && wanted <= (last as number)
}

/** Codes below this are Graph's own, not Cloud API's: their errors have no `error_data`. */
const FIRST_CLOUD_CODE = 80_000
const CLOUD_CODES = new Set([33, 100, 368])

export interface ErrorOptions {
  subcode?: number
  status?: number
  message?: string
  /** Text of `error_data.details`; null leaves `error_data` out. */
  details?: string | null
  type?: string
  transient?: boolean
  user?: { title: string; message: string }
  headers?: Record<string, string>
  /** Members beside `error` in the body, for partial success. */
  beside?: Record<string, unknown>
}

/** A refusal in Graph's error envelope. The rules throw it, the server writes it. */
export class GraphError extends Error {
  override readonly name = 'GraphError'
  readonly code: number
  readonly options: ErrorOptions

  constructor(code: number, options: ErrorOptions = {}) {
    super(errorMessage(code, options))
    this.code = code
    this.options = options
  }

  get status(): number {
    return this.options.status ?? rowOf(this.code, this.options.subcode)?.http ?? 400
  }

  get headers(): Record<string, string> {
    return { ...ERROR_TEXTS[this.code]?.headers, ...this.options.headers }
  }

  /** The body of the answer, with the members in Meta's order. */
  envelope(): Record<string, unknown> {
    const { subcode, type, user, beside } = this.options
    const transient = this.options.transient ?? ERROR_TEXTS[this.code]?.transient
    return {
      ...beside,
      error: {
        message: this.message,
        type: type ?? ERROR_TEXTS[this.code]?.type ?? 'OAuthException',
        code: this.code,
        ...(subcode !== undefined && { error_subcode: subcode }),
        ...(transient !== undefined && { is_transient: transient }),
        ...(user && { error_user_title: user.title, error_user_msg: user.message }),
        ...errorData(this.code, this.options),
        fbtrace_id: traceToken(),
      },
    }
  }
}

/** The error object of a failed status in a webhook. */
export function statusError(code: number, details?: string) {
  const title = errorTitle(code)
  return {
    code,
    title,
    message: title,
    error_data: { details: details ?? ERROR_TEXTS[code]?.details ?? title },
    href: 'https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes',
  }
}

export const errorTitle = (code: number, subcode?: number) =>
  (subcode === undefined ? ERROR_TEXTS[code]?.title : undefined) ?? rowOf(code, subcode)?.title ?? 'Unknown error'

function errorMessage(code: number, { message, subcode }: ErrorOptions): string {
  if (message !== undefined) return message
  const bySubcode = subcode === undefined ? undefined : ERROR_TEXTS[code]?.bySubcode?.[subcode]
  const own = subcode === undefined || rowOf(code, subcode)?.subcode === null ? ERROR_TEXTS[code]?.message : undefined
  return bySubcode ?? own ?? `(#${code}) ${errorTitle(code, subcode)}`
}

function errorData(code: number, { details, subcode, message }: ErrorOptions) {
  if (details === null || subcode !== undefined) return {}
  const isCloud = code >= FIRST_CLOUD_CODE || CLOUD_CODES.has(code)
  if (details === undefined && (!isCloud || message !== undefined)) return {}
  const text = details ?? ERROR_TEXTS[code]?.details ?? errorTitle(code)
  return { error_data: { ...(code !== 139100 && { messaging_product: 'whatsapp' }), details: text } }
}
