import { lookup as resolve } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import { Agent, type Dispatcher, request } from 'undici'
import { isPublicAddress } from './public-address.ts'

/** Address that must not be called on behalf of a tenant. Nothing was sent. */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress'
}

export interface GuardedRequest {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string | Buffer
  /** Hosts as `host:port` that may be private, by https on any port. From configuration only. */
  allowedHosts?: readonly string[]
  /** Those of `allowedHosts` that may be called by plain http as well (the simulator in development). */
  plainHosts?: readonly string[]
  /** Most redirects to follow, each checked again. Default 0: a redirect is the answer. */
  redirects?: number
  /** Longest wait for the headers and for each part of the body, 5 s by default. */
  timeoutMs?: number
  /** Longest time from the request to the end of its body, 60 s by default: a body that drips is cut. */
  totalMs?: number
  signal?: AbortSignal
}

export interface GuardedResponse {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Readable
}

const TIMEOUT_MS = 5000
const TOTAL_MS = 60_000
const CREDENTIALS = new Set(['authorization', 'cookie'])

/**
 * Calls an address given by a tenant or a webhook: https on port 443 only, but for listed hosts. The name is resolved once and the connection goes to
 * the checked address, so that a name which changes between check and call is harmless.
 * @throws RefusedAddress before anything is sent.
 */
export async function guardedRequest(address: string, options: GuardedRequest = {}): Promise<GuardedResponse> {
  const { allowedHosts = [], plainHosts = [], timeoutMs: timeout = TIMEOUT_MS } = options
  const url = checkedUrl(address, allowedHosts, plainHosts)
  const isAllowed = allowedHosts.includes(url.host)
  const signals = [AbortSignal.timeout(options.totalMs ?? TOTAL_MS), ...(options.signal ? [options.signal] : [])]
  const response = await request(url, {
    method: options.method ?? 'GET',
    headers: options.headers,
    body: options.body,
    dispatcher: isAllowed ? openAgent : guardedAgent,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    signal: AbortSignal.any(signals),
  }).catch(error => {
    throw refusalOf(error) ?? error
  })
  // A body that is not read to its end fails when it is destroyed. Whoever reads it gets the failure all the same.
  response.body.on('error', () => undefined)
  const location = redirectTarget(response, url)
  if (location === null || (options.redirects ?? 0) === 0)
    return { status: response.statusCode, headers: response.headers, body: response.body }
  await response.body.dump()
  const headers = location.host === url.host ? options.headers : withoutCredentials(options.headers)
  return guardedRequest(location.href, { ...options, headers, redirects: (options.redirects ?? 0) - 1 })
}

/** Parses and checks an address. @throws RefusedAddress unless it is https on 443 with a public host, or an allowed host */
export function checkedUrl(address: string, allowedHosts: readonly string[] = [], plainHosts: readonly string[] = []): URL {
  const url = URL.parse(address)
  if (url === null) throw new RefusedAddress('not a URL')
  const isPlain = url.protocol === 'http:' && plainHosts.includes(url.host)
  if (allowedHosts.includes(url.host) && (isPlain || url.protocol === 'https:')) return url
  if (url.protocol !== 'https:' || url.port !== '') throw new RefusedAddress('only https on port 443')
  if (url.username || url.password) throw new RefusedAddress('no credentials in the address')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new RefusedAddress('not a public address')
  return url
}

/** Hosts of the configured origins, and those of them that may be called by plain http. */
export function privateHosts(origins: readonly string[]): { allowedHosts: string[]; plainHosts: string[] } {
  const urls = origins.map(origin => new URL(origin))
  const plain = urls.filter(({ protocol }) => protocol === 'http:')
  return { allowedHosts: urls.map(({ host }) => host), plainHosts: plain.map(({ host }) => host) }
}

/** DNS lookup that requires every address of a name to be public, because any of them may be used. */
const checkedLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [])
    if (addresses.length === 0 || !addresses.every(({ address }) => isPublicAddress(address)))
      return callback(new RefusedAddress(`${hostname} is not a public host`), [])
    const [first] = addresses
    if (options.all) return callback(null, addresses)
    callback(null, first?.address ?? '', first?.family)
  })
}

const guardedAgent = new Agent({ connect: { timeout: TIMEOUT_MS, lookup: checkedLookup } })
const openAgent = new Agent({ connect: { timeout: TIMEOUT_MS } })

function refusalOf(error: unknown): RefusedAddress | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof RefusedAddress) return cause
  return null
}

function redirectTarget(response: Dispatcher.ResponseData, from: URL): URL | null {
  const { location } = response.headers
  if (response.statusCode < 300 || response.statusCode >= 400 || typeof location !== 'string') return null
  return URL.parse(location, from.href)
}

function withoutCredentials(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name.toLowerCase())))
}
