/**
 * The address that a request comes from, as express finds it with `trust proxy`: of the connection and the entries of
 * `X-Forwarded-For` before it, the first that is not one of the trusted proxies.
 * @param trusted number of proxies in front; 0 believes no header
 */
export function clientAddress(remote: string | undefined, forwardedFor: string | string[] | undefined, trusted: number): string {
  if (trusted === 0 || forwardedFor === undefined) return remote ?? ''
  const forwarded = String(forwardedFor)
    .split(',')
    .map(address => address.trim())
    .reverse()
  const hops = [remote ?? '', ...forwarded]
  return hops[Math.min(trusted, hops.length - 1)] as string
}
