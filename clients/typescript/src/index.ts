import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './schema.js'

export type { components, paths } from './schema.js'

/** Shapes of the API by name: `Schemas['Conversation']`. */
export type Schemas = components['schemas']
/** Answer of a request that was refused: problem details (RFC 9457). */
export type Problem = Schemas['Problem']
/** Calls of every route, typed by the OpenAPI document: `linko.POST('/api/v1/messages/send', { body })`. */
export type Linko = Client<paths>

export interface LinkoOptions {
  /** Address of your Linko, without a path: `https://linko.example.com`. */
  baseUrl: string
  /** An API key (`lk_…`), or the access token of a person. A function is asked before each request. */
  token: string | (() => string | Promise<string>)
  /** Tenant to act in; for platform admins only. */
  organizationId?: string
  fetch?: (request: Request) => Promise<Response>
}

/** Client of a Linko. A refused request is an answer with `error`; `unwrap` makes an exception of it. */
export function createLinko({ baseUrl, token, organizationId, fetch }: LinkoOptions): Linko {
  const linko = createClient<paths>({ baseUrl, ...(fetch && { fetch }) })
  linko.use({
    async onRequest({ request }) {
      request.headers.set('authorization', `Bearer ${typeof token === 'string' ? token : await token()}`)
      if (organizationId !== undefined) request.headers.set('x-organization-id', organizationId)
      return request
    },
  })
  return linko
}

/** Request that Linko refused. */
export class LinkoError extends Error {
  override readonly name = 'LinkoError'
  /** HTTP status. */
  readonly status: number
  /** Reason for programs, such as `WINDOW_CLOSED`; null where no Linko answered, such as a proxy. */
  readonly errorCode: Problem['errorCode'] | null
  /** Name this to your operator. */
  readonly requestId: string | null
  /** Seconds after which to try again; null where Linko names no time. */
  readonly retryAfter: number | null
  /** The whole answer. Some have further members, such as the template that would work. */
  readonly problem: unknown

  constructor(response: Response, problem: unknown) {
    const { detail, errorCode, requestId } = (typeof problem === 'object' && problem !== null ? problem : {}) as Partial<Problem>
    super(detail ?? `${response.status} ${response.statusText}`)
    this.status = response.status
    this.errorCode = errorCode ?? null
    this.requestId = requestId ?? response.headers.get('x-request-id')
    const wait = Number(response.headers.get('retry-after') ?? Number.NaN)
    this.retryAfter = Number.isFinite(wait) ? wait : null
    this.problem = problem
  }
}

/** What a call answered. @throws LinkoError when it was refused */
export async function unwrap<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<NonNullable<Data>> {
  const { data, error, response } = await call
  if (!response.ok) throw new LinkoError(response, error)
  return data as NonNullable<Data>
}
