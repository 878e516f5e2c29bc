import { type CallAccount, type CallLimits, HOLD_MS, USAGE_LIMIT } from '../domain/graph-calls.ts'
import { describeError } from '../domain/messages/send-errors.ts'
import type { CallUsage, GraphRequest, GraphResult, MetaClient, Refused, Unsent } from './client.ts'

/**
 * Client whose Graph API calls keep to Meta's limits for the app and each account: a call that may not be made now is `unsent`,
 * with the time after which it may. Sends have limits of their own.
 */
export function limitCalls(meta: MetaClient, limits: CallLimits): MetaClient {
  const limited = (method: keyof MetaClient['graph']) => async (path: string, request: GraphRequest) => {
    const account = request.account ?? null
    const waitMs = await limits.take(account)
    if (waitMs > 0) return heldBack(waitMs)
    const result = await meta.graph[method](path, request)
    await heed(limits, account, result)
    return result
  }
  return {
    sendMessage: (...send) => meta.sendMessage(...send),
    uploadMedia: (...upload) => meta.uploadMedia(...upload),
    uploadSample: (...upload) => meta.uploadSample(...upload),
    graph: { get: limited('get'), post: limited('post'), delete: limited('delete') },
    [Symbol.asyncDispose]: () => meta[Symbol.asyncDispose](),
  }
}

const heldBack = (waitMs: number): Unsent => ({
  kind: 'unsent',
  why: `Meta allows no more calls for ${Math.ceil(waitMs / 1000)} s`,
  retryAfterMs: waitMs,
  httpStatus: null,
  latencyMs: 0,
  traceId: null,
})

async function heed(limits: CallLimits, account: CallAccount | null, result: GraphResult): Promise<void> {
  if (result.kind === 'refused') return await heedRefusal(limits, account, result)
  if (result.kind === 'ok' && result.usage) await heedUsage(limits, account, result.usage)
}

/** Holds calls after a refusal: code 4 the app's; codes 17, 80007, 80008 and a 429 without Meta's envelope the account's. */
async function heedRefusal(limits: CallLimits, account: CallAccount | null, { error, retryAfterMs }: Refused): Promise<void> {
  const { class: kind, scope, code, waitS } = describeError(error)
  if (kind !== 'RETRY_LATER') return
  const hold = { baseMs: code === null || waitS === null ? HOLD_MS : waitS * 1000, askedMs: retryAfterMs }
  if (scope === 'app') await limits.hold(null, hold)
  else if (account !== null && (scope === 'waba' || scope === 'token' || code === null)) await limits.hold(account.wabaId, hold)
}

/** Holds calls when a limit is nearly used up, which leaves the rest to other users of the app. */
async function heedUsage(limits: CallLimits, account: CallAccount | null, usage: CallUsage): Promise<void> {
  const isOver = usage.account >= USAGE_LIMIT || usage.regainMs > 0
  if (account !== null && isOver) await limits.hold(account.wabaId, { baseMs: HOLD_MS, askedMs: usage.regainMs })
  if (usage.app >= USAGE_LIMIT) await limits.hold(null, { baseMs: HOLD_MS, askedMs: 0 })
}
