/** What the server answered instead of a success (RFC 9457), or that no answer came. */
export class Problem extends Error {
  /** HTTP status; 0: no answer came. */
  readonly status: number
  /** `WINDOW_CLOSED`, `NOT_FOUND` …; `UNREACHABLE` when no answer came. */
  readonly errorCode: string
  readonly errors: readonly { path: string; message: string }[]
  readonly requestId: string | null
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfterS: number | null
  /** Further members of the problem. */
  readonly extra: Readonly<Record<string, unknown>>

  constructor(given: Partial<Omit<Problem, 'message' | 'name'>> & { status: number; errorCode: string; detail: string }) {
    super(given.detail)
    this.name = 'Problem'
    this.status = given.status
    this.errorCode = given.errorCode
    this.errors = given.errors ?? []
    this.requestId = given.requestId ?? null
    this.retryAfterS = given.retryAfterS ?? null
    this.extra = given.extra ?? {}
  }

  /** The server's English sentence. Texts are chosen by `errorCode`; this is what is left when there is none. */
  get detail(): string {
    return this.message
  }

  /** Whether the same request may succeed later without anybody doing something. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export const unreachable = (cause: unknown): Problem =>
  Object.assign(new Problem({ status: 0, errorCode: 'UNREACHABLE', detail: 'The server cannot be reached.' }), { cause })

/** Problem of an answer that is no success. */
export async function problemOf(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => ({}))
  const {
    detail,
    errorCode,
    errors,
    requestId,
    type: _type,
    title: _title,
    status: _status,
    ...extra
  } = isObject(body) ? body : {}
  const after = Number(response.headers.get('retry-after'))
  return new Problem({
    status: response.status,
    errorCode: typeof errorCode === 'string' ? errorCode : 'UNKNOWN',
    detail: typeof detail === 'string' ? detail : `The server answered ${response.status}.`,
    errors: Array.isArray(errors) ? errors : [],
    requestId: typeof requestId === 'string' ? requestId : response.headers.get('x-request-id'),
    retryAfterS: after > 0 ? after : null,
    extra,
  })
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
