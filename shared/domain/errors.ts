/** One of our servers (MongoDB, RabbitMQ, Redis) is away. Not an attempt: whoever meets it waits and repeats. */
export class Outage extends Error {
  override readonly name = 'Outage'
}

/** What an API caller is told: an HTTP status, a stable code for programs and a sentence for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly errorCode: string
  readonly errors: { path: string; message: string }[]
  readonly headers: Record<string, string>
  /** Members that the problem document carries beside the standard ones, such as the template that would work. */
  readonly extra: Record<string, unknown>

  constructor(
    status: number,
    errorCode: string,
    detail: string,
    options: {
      errors?: { path: string; message: string }[]
      headers?: Record<string, string>
      extra?: Record<string, unknown>
      cause?: unknown
    } = {},
  ) {
    super(detail, { cause: options.cause })
    this.status = status
    this.errorCode = errorCode
    this.errors = options.errors ?? []
    this.headers = options.headers ?? {}
    this.extra = options.extra ?? {}
  }
}

/** Unknown ids and other tenants' ids answer alike. */
export const notFound = (what: string) => new ApiError(404, 'NOT_FOUND', `${what} not found`)
