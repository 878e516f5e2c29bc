import { ApiError } from '#shared/domain/errors.ts'
import { checkedUrl, privateHosts, RefusedAddress } from '#shared/http/guarded-request.ts'
import type { GatewayDeps } from '../deps.ts'

/**
 * Requires an address that Linko may call. Where its name leads is checked at each call.
 * @param field of the body that holds it @throws ApiError 422 URL_REFUSED
 */
export function requireUrl(url: string, { config }: GatewayDeps, field: string): void {
  const { allowedHosts, plainHosts } = privateHosts(config.EVENT_PRIVATE_ORIGINS)
  try {
    checkedUrl(url, allowedHosts, plainHosts)
  } catch (error) {
    if (!(error instanceof RefusedAddress)) throw error
    const message = `Must be a public https address on port 443: ${error.message}`
    throw new ApiError(422, 'URL_REFUSED', `${field}: ${message}.`, { errors: [{ path: field, message }] })
  }
}
