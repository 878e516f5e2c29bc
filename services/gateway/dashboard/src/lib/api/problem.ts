import { type SentenceKey, textsOf } from '#shared/domain/sentence.ts'
import { type FieldProblem, sayRefusal } from '../server/say.ts'

/** What the server answered instead of a success (RFC 9457), or that no answer came. */
export class Problem extends Error {
  /** HTTP status; 0: no answer came. */
  readonly status: number
  /** `WINDOW_CLOSED`, `NOT_FOUND` …; `UNREACHABLE` when no answer came. */
  readonly errorCode: string
  readonly errors: readonly FieldProblem[]
  /** The sentence as a stable name with values, where the code does not say all of it. */
  readonly detailKey: SentenceKey | null
  readonly requestId: string | null
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfterS: number | null
  /** Further members of the problem. */
  readonly extra: Readonly<Record<string, unknown>>

  constructor(
    given: Partial<Omit<Problem, 'message' | 'name' | 'detail'>> & { status: number; errorCode: string; detail: string },
  ) {
    super(given.detail)
    this.name = 'Problem'
    this.status = given.status
    this.errorCode = given.errorCode
    this.errors = given.errors ?? []
    this.detailKey = given.detailKey ?? null
    this.requestId = given.requestId ?? null
    this.retryAfterS = given.retryAfterS ?? null
    this.extra = given.extra ?? {}
  }

  /** The server's sentence in the reader's language. `message` is the English one. */
  get detail(): string {
    return sayRefusal({ errorCode: this.errorCode, detail: this.message, detailKey: this.detailKey, errors: this.errors })
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
    detailKey,
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
    ...(typeof detail === 'string' ? { detail, detailKey: keyIn(detailKey) } : unexplained(response.status)),
    errors: Array.isArray(errors) ? errors : [],
    requestId: typeof requestId === 'string' ? requestId : response.headers.get('x-request-id'),
    retryAfterS: after > 0 ? after : null,
    extra,
  })
}

/** What is said of an answer without a problem document, such as that of a proxy. */
const unexplained = (status: number) => ({
  detail: `The server answered ${status}.`,
  detailKey: { key: 'unexplained', parameters: { status: String(status) } },
})

const keyIn = (value: unknown): SentenceKey | null =>
  isObject(value) && typeof value.key === 'string' && isObject(value.parameters)
    ? { key: value.key, parameters: textsOf(value.parameters) }
    : null

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
