import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { Action } from '../auth/policy.ts'
import type { Role } from '../model/documents.ts'

/** Authenticated caller. */
export interface Caller {
  kind: 'user' | 'apiKey'
  id: string
  /** Tenant that the caller acts in: their own, or the one that a platform admin names. */
  tenantId: string
  /** Tenant that the caller belongs to. */
  homeTenantId: string
  role: Role
  name: string
  email: string | null
  /** Whether the policy, and for API keys their scopes, allow an action. */
  may(action: Action): boolean
  /** Why the caller may do less than the role allows; absent: the answer speaks of the role. */
  refusal?: { errorCode: string; detail: string }
}

/** Rate limit that a request counts against; `live`: what an open page asks every second. */
export type RateBucket = 'api' | 'read' | 'live' | 'auth' | 'messages' | 'none'

export interface RouteRequest<Params, Query, Body> {
  /** Caller; null on public routes only. */
  caller: Caller | null
  params: Params
  query: Query
  body: Body
  /** Stream of an uploaded file; read it to its end. @throws ApiError 413 from the stream */
  upload: Readable | null
  headers: Record<string, string | undefined>
  ip: string
  requestId: string
  traceparent: string
}

export interface Reply {
  status?: number
  body?: unknown
  /** Stream in place of a body; `headers` contain its type. */
  stream?: Readable
  headers?: Record<string, string | string[]>
}

// biome-ignore lint/suspicious/noExplicitAny: any schema
type Schema = z.ZodType<any>

/** Route as data: mounted by the app, described by OpenAPI, checked against the policy by a test. */
export interface Route<Deps> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Path in OpenAPI's form: `/api/v1/messages/by-id/{id}`. */
  path: string
  /** Action of the policy table; null: public. */
  action: Action | null
  summary: string
  tag: string
  bucket: RateBucket
  params?: Schema
  query?: Schema
  body?: Schema
  /** Largest JSON body in bytes; by default 256 KiB. A larger one is read only when the caller is known. */
  maxBodyBytes?: number
  /** Accepted types and largest size of a route that takes a file in place of a JSON body. */
  upload?: { types: readonly string[]; maxBytes: number }
  /** Whether the route accepts an Idempotency-Key: a repetition gets the first answer. */
  idempotent: boolean
  /** Whether the route accepts `Prefer: wait=5` and then answers with the outcome. */
  waits?: boolean
  /** Whether the route answers while MongoDB is away, to callers that were known shortly before. */
  worksWithoutDatabase?: boolean
  /** HTTP status of a success. */
  status: number
  /** Further statuses of a success, with what each means; 304 has no body. */
  otherStatuses?: Record<number, string>
  returns?: Schema
  /** Types of a success that is no JSON: of a file or a page. By default that of the ending of the path. */
  produces?: readonly string[]
  // biome-ignore lint/suspicious/noExplicitAny: the schemas above have checked it
  handle(request: RouteRequest<any, any, any>, deps: Deps): Promise<Reply>
}

interface RouteOptions<Deps, P extends Schema, Q extends Schema, B extends Schema> {
  method: Route<Deps>['method']
  path: string
  action: Action | null
  summary: string
  tag: string
  bucket?: RateBucket
  idempotent?: boolean
  waits?: boolean
  worksWithoutDatabase?: boolean
  maxBodyBytes?: number
  upload?: { types: readonly string[]; maxBytes: number }
  params?: P
  query?: Q
  body?: B
  status?: number
  otherStatuses?: Record<number, string>
  returns?: Schema
  produces?: readonly string[]
  handle(request: RouteRequest<z.infer<P>, z.infer<Q>, z.infer<B>>, deps: Deps): Promise<Reply>
}

/** Defines a route, with defaults: a GET counts against `read`, every other method against `api`. */
export function route<Deps, P extends Schema = Schema, Q extends Schema = Schema, B extends Schema = Schema>(
  options: RouteOptions<Deps, P, Q, B>,
): Route<Deps> {
  return { bucket: options.method === 'get' ? 'read' : 'api', status: 200, idempotent: false, ...options }
}

/** Caller of a route with an action. @throws Error on a public route only: the app refuses anonymous requests before */
export function callerOf(request: { caller: Caller | null }): Caller {
  if (request.caller === null) throw new Error('callerOf was used on a public route')
  return request.caller
}
