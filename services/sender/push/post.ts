import { type PushTarget, pushRequest, type WebPushKey } from '#shared/auth/web-push.ts'
import { guardedRequest, privateHosts } from '#shared/http/guarded-request.ts'

/** What a push service did with a notification. `gone`: the subscription leads nowhere any more. */
export type Pushed = 'delivered' | 'gone' | 'failed'

export interface PostOptions {
  key: WebPushKey
  /** Address of the operator, https or mailto. */
  subject: string
  topic: string
  /** Origins that may be private, from configuration. */
  origins: readonly string[]
  timeoutMs: number
}

/** Nobody wants to be told of yesterday's message. */
const TTL_SECONDS = 4 * 3600

/**
 * Answers by which a push service says that a subscription has ended (404, 410) or was not made with this key (401, 403). The
 * dashboard makes a new one when it is opened.
 */
const GONE: ReadonlySet<number> = new Set([401, 403, 404, 410])

/** Posts a notification to a browser's push service. Addresses inside the operator's network are refused. Never throws. */
export async function postPush(
  target: PushTarget,
  text: string,
  { key, subject, topic, origins, timeoutMs }: PostOptions,
): Promise<Pushed> {
  try {
    const { headers, body } = await pushRequest(target, text, { key, subject, topic, ttlSeconds: TTL_SECONDS })
    const hosts = privateHosts(origins)
    const options = { method: 'POST', headers, body, ...hosts, timeoutMs, totalMs: timeoutMs } as const
    const response = await guardedRequest(target.endpoint, options)
    response.body.destroy()
    if (GONE.has(response.status)) return 'gone'
    return response.status < 300 ? 'delivered' : 'failed'
  } catch {
    return 'failed'
  }
}
