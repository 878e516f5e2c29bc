import { type DescribedError, describeError, type ErrorReport, pauseReason, SPAM_LIMIT } from '../domain/messages/send-errors.ts'
import { contradicts } from '../domain/numbers/token-health.ts'
import { isObject, listOf, text } from '../meta/json.ts'
import type { StatusItem, WebhookItem } from '../meta/webhook.ts'
import type { ClientDoc, MessageDoc } from '../model/documents.ts'
import type { FoldContext } from './context.ts'
import { applyEffects, type Effect, trackClient } from './number-effects.ts'
import { change, type State } from './state.ts'

/** Whether a failed status affects more than its message: an account without payment fails every other message as well. */
export function isPausing(item: WebhookItem): item is StatusItem {
  const report = item.kind === 'status' ? reportOf(item) : null
  return report !== null && describeError(report).class === 'PAUSE'
}

/** Age from which a failure (from a spool or a replay) pauses nothing: the cause may be fixed, and the next send shows if not. */
const STALE_MS = 3_600_000

/** Pauses the numbers that a failed status affects, as the sender does when a call is refused with the same code. */
export function pauseNumbers(state: State, context: FoldContext, client: ClientDoc, item: StatusItem, message: MessageDoc): void {
  if (!isPausing(item) || context.now.getTime() - item.at.getTime() > STALE_MS) return
  const error = describeError(reportOf(item) ?? { code: null })
  const attempt = message.timeline.findLast(({ kind }) => kind === 'attempt')
  const triedAt = attempt?.at ?? item.at
  const concerned = numbersOf(state, context, client, error).filter(
    ({ status, resumedAt }) => status === 'active' && (!resumedAt || resumedAt < triedAt),
  )
  if (error.code !== SPAM_LIMIT) {
    const { disputed = [], refused = [] } = Object.groupBy(concerned, one =>
      contradicts(one, { code: error.code, at: item.at }) ? 'disputed' : 'refused',
    )
    for (const one of disputed) checkTokenAgain(state, one, triedAt)
    return void applyEffects(state, context, refused, item, [pauseEffect(error)])
  }
  const sending = concerned.filter(({ campaignsHeldUntil }) => !campaignsHeldUntil || campaignsHeldUntil <= item.at)
  applyEffects(state, context, sending, item, [holdCampaignsEffect(error, item.at)])
}

/** Makes the check of a number's token due, unless it was checked after the attempt that failed: the answer would be the same. */
function checkTokenAgain(state: State, client: ClientDoc, triedAt: Date): void {
  if (client.tokenCheckedAt && client.tokenCheckedAt > triedAt) return
  change(trackClient(state, client), { nextTokenCheckAt: null })
}

/** Numbers of the same tenant within the error's scope, with the changes of this batch. */
function numbersOf(state: State, context: FoldContext, client: ClientDoc, { scope }: DescribedError): ClientDoc[] {
  const account = context.accounts.get(client.wabaId) ?? [client]
  return account
    .filter(({ _id, tenantId }) => tenantId.equals(client.tenantId) && (scope === 'waba' || _id.equals(client._id)))
    .map(one => state.clients.get(String(one._id))?.doc ?? one)
}

const textOf = ({ sentence, nextStep }: DescribedError) => `${sentence} ${nextStep}`

const pauseEffect = (error: DescribedError): Effect => ({
  topic: 'refusal',
  set: () => ({
    status: 'paused',
    pauseReason: pauseReason(error),
    pauseCode: error.code,
    statusReason: textOf(error),
    // As after a refused call: a valid token ends the pause.
    ...(pauseReason(error) === 'token' && { nextTokenCheckAt: null }),
  }),
})

const holdCampaignsEffect = (error: DescribedError, at: Date): Effect => ({
  topic: 'refusal',
  set: () => ({ campaignsHeldUntil: new Date(at.getTime() + (error.waitS ?? 0) * 1000) }),
  reason: 'campaigns-held',
  notice: { type: 'CAMPAIGNS_HELD', severity: 'WARNING', text: textOf(error) },
})

/** Meta's error in a failed status; null for the other statuses. */
export function reportOf(item: StatusItem): ErrorReport | null {
  if (item.status !== 'failed') return null
  const [given] = listOf(item.report.errors)
  const error = isObject(given) ? given : {}
  const details = isObject(error.error_data) ? text(error.error_data.details) : null
  const code = Number(text(error.code) ?? Number.NaN)
  const detail = details ?? text(error.details) ?? text(error.message)
  return { code: Number.isInteger(code) ? code : null, title: text(error.title), detail }
}
