import type { IncomingHttpHeaders } from 'node:http'
import type { Simulation } from './simulation.ts'
import type { Json, PhoneNumber, Token, Waba } from './world/world.ts'

/** One request, as the routes receive it. */
export interface Call {
  sim: Simulation
  method: string
  /** The path without the version. */
  path: string
  /** Major Graph version: 25 for v25.0; the newest one for requests without a version. */
  version: number
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
  /** Members of query and body together; those of the body win. */
  params: Json
  /** Origin that the caller used, for links to this simulator. */
  origin: string
}

/** A call with a valid token. */
export interface AuthorizedCall extends Call {
  token: Token
}

/** A call to an edge of a phone number. */
export interface NumberCall extends AuthorizedCall {
  number: PhoneNumber
  waba: Waba
}

/** An answer other than JSON with status 200. */
export class Reply {
  readonly status: number
  readonly body: string | Buffer
  readonly headers: Record<string, string>

  constructor(status: number, body: string | Buffer, headers: Record<string, string> = {}) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export const jsonReply = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Reply(status, JSON.stringify(body), { 'content-type': 'application/json; charset=UTF-8', ...headers })

export const SUCCESS = { success: true } as const
