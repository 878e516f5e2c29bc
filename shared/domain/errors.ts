import { type SentenceKey, textsOf } from './sentence.ts'

/** What is wrong with a field: where it stands, a sentence, and the sentence as a stable name with values. */
export interface FieldProblem {
  path: string
  message: string
  messageKey?: SentenceKey | undefined
}

/** MongoDB, RabbitMQ or Redis is not available. It does not count as an attempt: the caller waits and tries again. */
export class Outage extends Error {
  override readonly name = 'Outage'
}

/** Error answer of the API: an HTTP status, a stable code for programs and a whole sentence for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly errorCode: string
  readonly errors: FieldProblem[]
  /** The sentence as a stable name with values, where the error code alone does not say all of it. */
  readonly detailKey: SentenceKey | null
  readonly headers: Record<string, string>
  /** Further members of the problem document, such as the template that would work. */
  readonly extra: Record<string, unknown>
  /** True for one of many refusals: it is counted in the metrics and has no log line of its own. */
  readonly isUnlogged: boolean

  constructor(
    status: number,
    errorCode: string,
    detail: string,
    options: {
      errors?: FieldProblem[]
      detailKey?: SentenceKey | undefined
      /** Values of the sentence, whose name is the error code. */
      parameters?: Readonly<Record<string, string | number>>
      headers?: Record<string, string>
      extra?: Record<string, unknown>
      isUnlogged?: boolean
      cause?: unknown
    } = {},
  ) {
    super(detail, { cause: options.cause })
    this.status = status
    this.errorCode = errorCode
    this.errors = options.errors ?? []
    const { detailKey, parameters } = options
    this.detailKey = detailKey ?? (parameters ? { key: errorCode, parameters: textsOf(parameters) } : null)
    this.headers = options.headers ?? {}
    this.extra = options.extra ?? {}
    this.isUnlogged = options.isUnlogged ?? false
  }
}

/** Error 404, the same for unknown ids and for ids of other tenants. */
export const notFound = (what: string) => new ApiError(404, 'NOT_FOUND', `The ${what.toLowerCase()} was not found.`)
