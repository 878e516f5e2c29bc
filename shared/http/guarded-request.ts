import { lookup as resolve } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import { Agent, type Dispatcher, request } from 'undici'
import { isPublicAddress } from './public-address.ts'

/** The address is not one that a tenant may make us call. Nothing was sent. */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress'
}

export interface GuardedRequest {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string | Buffer
  /** `host:port` that may be plain http and private: the simulator's in development. From configuration only. */
  allowedHosts?: readonly string[]
  /** Followed at most this often; each target is checked anew. Default 0: a redirect is the answer. */
  redirects?: number
  timeoutMs?: number
}

export interface GuardedResponse {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Readable
}

const TIMEOUT_MS = 5000
const CREDENTIALS = new Set(['authorization', 'cookie'])

/**
 * Calls an address that a tenant or a webhook named. https on port 443 only; the name is resolved once and the connection goes
 * to the very address that was checked, so that a name that changes between check and call gains nothing.
 * @throws RefusedAddress before anything is sent.
 */
export async function guardedRequest(address: string, options: GuardedRequest = {}): Promise<GuardedResponse> {
  const url = checkedUrl(address, options.allowedHosts ?? [])
  const timeout = options.timeoutMs ?? TIMEOUT_MS
  const isAllowed = isListed(url, options.allowedHosts ?? [])
  const response = await request(url, {
    method: options.method ?? 'GET',
    headers: options.headers,
    body: options.body,
    dispatcher: isAllowed ? openAgent : guardedAgent,
    headersTimeout: timeout,
    bodyTimeout: timeout,
  }).catch(error => {
    throw refusalOf(error) ?? error
  })
  const location = redirectTarget(response, url)
  if (location === null || (options.redirects ?? 0) === 0)
    return { status: response.statusCode, headers: response.headers, body: response.body }
  await response.body.dump()
  const headers = location.host === url.host ? options.headers : withoutCredentials(options.headers)
  return guardedRequest(location.href, { ...options, headers, redirects: (options.redirects ?? 0) - 1 })
}

/** @throws RefusedAddress unless the address is https on 443 with a public host, or a host that the configuration allows. */
export function checkedUrl(address: string, allowedHosts: readonly string[] = []): URL {
  const url = URL.parse(address)
  if (url === null) throw new RefusedAddress('not a URL')
  if (isListed(url, allowedHosts)) return url
  if (url.protocol !== 'https:' || url.port !== '') throw new RefusedAddress('only https on port 443')
  if (url.username || url.password) throw new RefusedAddress('no credentials in the address')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new RefusedAddress('not a public address')
  return url
}

const isListed = (url: URL, allowedHosts: readonly string[]) => /^https?:$/.test(url.protocol) && allowedHosts.includes(url.host)

/** Every address that the name has must be public: the one that is tried next is not ours to choose. */
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
