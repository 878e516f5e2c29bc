import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { Action } from '../auth/policy.ts'
import type { Role } from '../model/documents.ts'

/** Who calls, once that is known. */
export interface Caller {
  kind: 'user' | 'apiKey'
  id: string
  /** Where the caller acts: the own tenant, or the one that a platform admin names. */
  tenantId: string
  /** Where the caller belongs. */
  homeTenantId: string
  role: Role
  name: string
  email: string | null
  /** By the policy, and for API keys by their scopes. */
  may(action: Action): boolean
}

/** What a request is counted against. */
export type RateBucket = 'api' | 'read' | 'auth' | 'messages' | 'none'

export interface RouteRequest<Params, Query, Body> {
  /** Null on public routes only. */
  caller: Caller | null
  params: Params
  query: Query
  body: Body
  /** The file of a route that takes one: read it to its end. @throws ApiError 413 from the stream */
  upload: Readable | null
  headers: Record<string, string | undefined>
  ip: string
  requestId: string
  traceparent: string
}

export interface Reply {
  status?: number
  body?: unknown
  /** Instead of a body; its type is among the headers. */
  stream?: Readable
  headers?: Record<string, string>
}

// biome-ignore lint/suspicious/noExplicitAny: any schema
type Schema = z.ZodType<any>

/** A route is data: mounted by the app, described by OpenAPI, checked against the policy by a test. */
export interface Route<Deps> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** As OpenAPI writes it: `/api/v1/messages/by-id/{id}`. */
  path: string
  /** A row of the policy table; null = public. */
  action: Action | null
  summary: string
  tag: string
  bucket: RateBucket
  params?: Schema
  query?: Schema
  body?: Schema
  /** Takes a file instead of a JSON body: of these types, and no longer than this. */
  upload?: { types: readonly string[]; maxBytes: number }
  /** Takes an Idempotency-Key: a repeat gets the first answer. */
  idempotent: boolean
  /** Takes `Prefer: wait=5`: its answer may come with the outcome. */
  waits?: boolean
  /** Of a success. */
  status: number
  returns?: Schema
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
  upload?: { types: readonly string[]; maxBytes: number }
  params?: P
  query?: Q
  body?: B
  status?: number
  returns?: Schema
  handle(request: RouteRequest<z.infer<P>, z.infer<Q>, z.infer<B>>, deps: Deps): Promise<Reply>
}

/** GETs count as reads, everything else as writes, unless the route says otherwise. */
export function route<Deps, P extends Schema = Schema, Q extends Schema = Schema, B extends Schema = Schema>(
  options: RouteOptions<Deps, P, Q, B>,
): Route<Deps> {
  return { bucket: options.method === 'get' ? 'read' : 'api', status: 200, idempotent: false, ...options }
}

/** @throws never on a route with an action: the app has refused the request before. */
export function callerOf(request: { caller: Caller | null }): Caller {
  if (request.caller === null) throw new Error('a public route asked who calls')
  return request.caller
}
