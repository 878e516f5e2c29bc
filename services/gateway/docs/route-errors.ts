import { readFileSync } from 'node:fs'
import path from 'node:path'

/** Error that a route may answer with: the words of its `detail`, where the source has them. */
export interface ErrorExample {
  status: number
  errorCode: string
  detail: string
}

/** Errors as `npm run openapi` found them in the source. Lists hold names of `examples`. */
export interface RouteErrors {
  examples: Record<string, ErrorExample>
  /** Of every route that needs a caller. */
  signedIn: string[]
  /** Of every route that is counted against a limit. */
  limited: string[]
  /** By `post /api/v1/labels`. */
  routes: Record<string, string[]>
}

export const ROUTE_ERRORS_FILE = path.join(import.meta.dirname, 'route-errors.json')

export const readRouteErrors = (): RouteErrors => JSON.parse(readFileSync(ROUTE_ERRORS_FILE, 'utf8')) as RouteErrors
