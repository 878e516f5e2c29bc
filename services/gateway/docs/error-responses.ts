import { STATUS_CODES } from 'node:http'
import type { Route } from '#shared/http/route.ts'
import type { ErrorExample, RouteErrors } from './route-errors.ts'
import type { Json } from './schemas.ts'
import { pascal } from './shared-schemas.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a route needs of its surroundings does not show in its description
type AnyRoute = Route<any>

/** What the app itself answers, before or around the work of a route (`shared/http/app.ts`). */
const OF_APP = {
  PARAMETER_INVALID: [400, 'id: Must be 24 hexadecimal digits'],
  QUERY_INVALID: [400, 'limit: Too big: expected number to be <=100'],
  QUERY_DUPLICATE: [400, 'The parameter limit is given twice.'],
  BODY_INVALID: [400, 'text: Invalid input: expected string, received number'],
  BODY_NOT_JSON: [400, 'The body is not valid JSON.'],
  NO_CREDENTIALS: [401, 'No valid credentials were given. Sign in, or send an API key.'],
  ROLE_TOO_LOW: [403, 'Your role does not allow this action.'],
  BODY_TOO_LARGE: [413, 'The body is larger than 256 KiB.'],
  TOO_LARGE: [413, 'The file is larger than 100 MB.'],
  CONTENT_TYPE_NOT_SUPPORTED: [415, 'The content type is not supported. Send application/json.'],
  INTERNAL: [500, 'An internal error occurred. Contact support with the request id.'],
  UNAVAILABLE: [503, 'The service is temporarily unavailable. Try again in a few seconds.'],
} as const satisfies Record<string, readonly [number, string]>
type OfApp = keyof typeof OF_APP
/** Examples that stand under a name of their own, because their code has others. */
const CODES: Partial<Record<OfApp, string>> = { NO_CREDENTIALS: 'UNAUTHENTICATED', ROLE_TOO_LOW: 'FORBIDDEN' }

const seconds = (description: string) => ({ description, schema: { type: 'integer' } })
const WAIT = { 'Retry-After': seconds('Seconds after which the request may be repeated') }
const HEADERS: Record<number, Json> = {
  401: { 'WWW-Authenticate': { description: '`Bearer`, where credentials are missing or wrong', schema: { type: 'string' } } },
  429: {
    ...WAIT,
    'RateLimit-Limit': seconds('Requests that are allowed in the window'),
    'RateLimit-Remaining': seconds('Requests that are left in the window'),
    'RateLimit-Reset': seconds('Seconds until the window ends'),
  },
  503: WAIT,
}
const DESCRIPTIONS: Record<number, string> = {
  400: 'What was sent cannot be read, or has another form than this',
  401: 'Nobody is signed in, or the credentials are wrong',
  403: 'The caller may not do this',
  404: 'It does not exist, or belongs to somebody else',
  409: 'The state of things does not allow it now',
  410: 'It is gone for good',
  413: 'It is too large',
  415: 'A content type that is not read here',
  416: 'The range lies outside the file',
  422: 'It has the right form, and cannot be done',
  429: 'Too many requests, wrong passwords, or invalid tokens and keys',
  500: 'An error of Linko itself',
  502: 'Meta did not confirm what was asked of it',
  503: 'A server that is needed is away, or too many wait already; nothing was done',
}

/** Error responses of routes, each with examples by error code, and the components that they share. */
export class ErrorResponses {
  readonly responses: Record<string, Json> = { [TOO_LONG]: { description: 'The address and the headers have more than 16 KiB' } }
  readonly #examples: RouteErrors['examples']
  readonly #errors: RouteErrors
  readonly #names = new Map<string, string>()

  constructor(errors: RouteErrors) {
    this.#errors = errors
    const own = Object.entries(OF_APP).map(([name, [status, detail]]): [string, ErrorExample] => [
      name,
      { status, detail, errorCode: CODES[name as OfApp] ?? name },
    ])
    this.#examples = { ...errors.examples, ...Object.fromEntries(own) }
  }

  /** Components of the document: an example of each error. */
  get examples(): Json {
    const examples = Object.entries(this.#examples).map(([name, { status, errorCode, detail }]) => {
      const value = {
        type: 'about:blank',
        title: STATUS_CODES[status],
        status,
        detail,
        errorCode,
        errors: [],
        requestId: REQUEST_ID,
      }
      return [name, { value }] as const
    })
    return Object.fromEntries(examples.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Every error code that a route may answer with. */
  get codes(): string[] {
    return [...new Set(Object.values(this.#examples).map(({ errorCode }) => errorCode))].sort()
  }

  /** Error responses of a route by status, as references. */
  of(route: AnyRoute): Json {
    const names = [...new Set(this.#namesFor(route))].sort()
    const byStatus = Map.groupBy(names, name => this.#examples[name]?.status as number)
    const responses = [...byStatus].map(([status, own]) => [status, this.#reference(status, own)])
    // The server answers it before the app, without a body.
    if (route.params || route.query) responses.push([431, { $ref: `#/components/responses/${TOO_LONG}` }])
    return Object.fromEntries(responses)
  }

  #namesFor(route: AnyRoute): string[] {
    const { signedIn, limited, routes } = this.#errors
    const isLimited = route.action !== null || route.bucket !== 'none'
    return [
      ...ofApp(route),
      ...(route.action !== null ? signedIn : []),
      ...(isLimited ? [...limited, 'UNAVAILABLE'] : []),
      ...(routes[`${route.method} ${route.path}`] ?? []),
    ]
  }

  #reference(status: number, names: string[]): Json {
    const key = names.join()
    let name = this.#names.get(key)
    if (name === undefined) {
      const title = pascal(STATUS_CODES[status] ?? 'Error')
      name = title
      for (let n = 2; name in this.responses; n++) name = `${title}${n}`
      this.#names.set(key, name)
      this.responses[name] = this.#response(status, names)
    }
    return { $ref: `#/components/responses/${name}` }
  }

  #response(status: number, names: string[]): Json {
    const examples = Object.fromEntries(names.map(name => [name, { $ref: `#/components/examples/${name}` }]))
    return {
      description: DESCRIPTIONS[status] ?? STATUS_CODES[status],
      ...(HEADERS[status] && { headers: HEADERS[status] }),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples } },
    }
  }
}

const TOO_LONG = 'RequestHeaderFieldsTooLarge'
const REQUEST_ID = '7f3b9a52-58c1-4c0e-9d0f-2f6d1f0a6c11'

function ofApp({ method, params, action, upload }: AnyRoute): OfApp[] {
  return [
    'QUERY_INVALID',
    'QUERY_DUPLICATE',
    ...(params ? (['PARAMETER_INVALID'] as const) : []),
    ...(action !== null ? (['NO_CREDENTIALS', 'ROLE_TOO_LOW'] as const) : []),
    ...(upload ? (['TOO_LARGE', 'CONTENT_TYPE_NOT_SUPPORTED'] as const) : []),
    ...(method !== 'get' && !upload
      ? (['BODY_INVALID', 'BODY_NOT_JSON', 'BODY_TOO_LARGE', 'CONTENT_TYPE_NOT_SUPPORTED'] as const)
      : []),
    'INTERNAL',
  ]
}

const sentenceKey = {
  type: 'object',
  required: ['key', 'parameters'],
  properties: { key: { type: 'string' }, parameters: { type: 'object', additionalProperties: { type: 'string' } } },
}

/** Schemas of an error answer. Some have further members, such as the template that would work. */
export const problemSchemas = (codes: readonly string[]): Json => ({
  Problem: {
    type: 'object',
    description: 'Problem details (RFC 9457). errorCode is for programs, detail for people; errors names each invalid field.',
    required: ['type', 'title', 'status', 'detail', 'errorCode', 'errors', 'requestId'],
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      detailKey: {
        ...sentenceKey,
        description: 'The detail as a stable name with values, where the error code alone does not say all of it',
      },
      errorCode: { $ref: '#/components/schemas/ErrorCode' },
      errors: { type: 'array', items: { $ref: '#/components/schemas/FieldProblem' } },
      requestId: { type: 'string' },
    },
  },
  ErrorCode: { type: 'string', enum: codes, description: 'Reason of an error, for programs' },
  FieldProblem: {
    type: 'object',
    description: 'An invalid field: where it stands, as `recipients.0.to`, and what is wrong with it',
    required: ['path', 'message'],
    properties: {
      path: { type: 'string' },
      message: { type: 'string' },
      messageKey: { ...sentenceKey, description: 'The message as a stable name with values, for texts in other languages' },
    },
  },
})
