import type { Keyring } from '#shared/auth/encryption.ts'
import { secretsInForce, signedHeaders } from '#shared/auth/subscription-secrets.ts'
import { type CallResult, type DeliveryProblem, problemOfStatus, retryAfterOf } from '#shared/domain/subscriptions/delivery.ts'
import { guardedRequest, privateHosts, RefusedAddress } from '#shared/http/guarded-request.ts'
import type { DeliveryAttempt, EventDeliveryDoc, EventSubscriptionDoc } from '#shared/model/documents.ts'

export interface CallDeps {
  keyring: Keyring
  /** Origins that may be private, from configuration: `http://crm.internal:8080`. */
  origins: readonly string[]
  /** Longest wait for an endpoint's answer, in ms. */
  timeoutMs: number
  now(): Date
}

/** What a call has shown, and how it stands in the log of attempts. */
export interface CallOutcome {
  result: CallResult
  attempt: DeliveryAttempt
}

/** Bytes of an answer that are read, and characters of it that are kept. */
const READ_BYTES = 4096
const KEPT_CHARACTERS = 500

/**
 * Posts a delivery to its endpoint, signed by the secrets in force. Addresses inside the operator's network are refused at the
 * moment of connecting, and redirects are not followed. Never throws, but for an abort.
 * @throws the reason of `signal`
 */
export async function callEndpoint(
  { keyring, origins, timeoutMs, now }: CallDeps,
  subscription: EventSubscriptionDoc,
  { eventId: id, body }: Pick<EventDeliveryDoc, 'eventId' | 'body'>,
  signal: AbortSignal,
): Promise<CallOutcome> {
  const at = now()
  const startedAt = performance.now()
  const outcome = (result: CallResult, detail: string | null): CallOutcome => ({
    result,
    attempt: {
      at,
      durationMs: Math.round(performance.now() - startedAt),
      status: result.status,
      problem: result.problem,
      detail,
    },
  })
  const failed = (problem: DeliveryProblem, detail: string | null) =>
    outcome({ status: null, problem, retryAfterMs: null }, detail)
  let secrets: string[]
  try {
    secrets = secretsInForce(keyring, subscription, at)
  } catch {
    return failed('secret', null)
  }
  try {
    const response = await guardedRequest(subscription.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Linko', ...signedHeaders(secrets, { id, at, body }) },
      body,
      ...privateHosts(origins),
      timeoutMs,
      totalMs: timeoutMs,
      signal,
    })
    const { status } = response
    const detail = await beginningOf(response.body)
    const header = response.headers['retry-after']
    const retryAfterMs = retryAfterOf(typeof header === 'string' ? header : null, at)
    return outcome({ status, problem: problemOfStatus(status), retryAfterMs }, detail)
  } catch (error) {
    signal.throwIfAborted()
    return failed(problemOf(error), detailOf(error))
  }
}

/** The beginning of an answer as text. An answer that breaks off has been an answer all the same. */
async function beginningOf(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string | null> {
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of body) {
      parts.push(part)
      size += part.length
      if (size >= READ_BYTES) break
    }
  } catch {
    // What came is kept.
  } finally {
    body.destroy()
  }
  // MongoDB keeps no NUL apart from a missing character, and nobody reads the others.
  const text = Buffer.concat(parts)
    .toString('utf8')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
  return text === '' ? null : text.slice(0, KEPT_CHARACTERS)
}

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'])

function problemOf(error: unknown): DeliveryProblem {
  if (error instanceof RefusedAddress) return 'address'
  const { name, code } = error as { name?: string; code?: string }
  return name === 'TimeoutError' || TIMEOUTS.has(code ?? '') ? 'timeout' : 'connection'
}

/** The code of an error, such as ECONNRESET, or why the address was refused. */
function detailOf(error: unknown): string | null {
  if (error instanceof RefusedAddress) return error.message
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
  const known = [code, cause?.code].find(value => typeof value === 'string')
  return (known as string | undefined) ?? null
}
