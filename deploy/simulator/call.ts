import type { IncomingHttpHeaders } from 'node:http'
import type { Simulation } from './simulation.ts'
import type { Json, PhoneNumber, Token, Waba } from './world/world.ts'

/** One request as the routes see it. */
export interface Call {
  sim: Simulation
  method: string
  /** Path without the version. */
  path: string
  /** Major Graph version: 25 for v25.0; requests without one count as the newest. */
  version: number
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
  /** Members of query and body together, as Graph reads them. */
  params: Json
  /** Origin the caller used, for links back to here. */
  origin: string
}

/** A call that a token has opened. */
export interface AuthorizedCall extends Call {
  token: Token
}

export interface NumberCall extends AuthorizedCall {
  number: PhoneNumber
  waba: Waba
}

/** What a route may answer besides plain JSON with 200. */
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
