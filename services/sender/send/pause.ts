import { tokenOf } from '#shared/auth/client-tokens.ts'
import type { Keyring } from '#shared/auth/encryption.ts'
import { type DescribedError, pauseReason } from '#shared/domain/messages/send-errors.ts'
import { problemSentence, UNREADABLE_TOKEN } from '#shared/domain/numbers/token-health.ts'
import type { SendLimits } from '#shared/limits/send-limits.ts'
import type { ClientDoc, PauseReason } from '#shared/model/documents.ts'
import type { Logger } from '#shared/process/logger.ts'
import type { Store } from '#shared/store/connect.ts'
import { noticeChange, updateClientWithoutEvent } from '#shared/store/numbers/checks.ts'
import { type ClientChange, changeClient, getClient, pauseClient } from '#shared/store/numbers/clients.ts'
import { findActiveNumbers } from '#shared/store/numbers/sending-numbers.ts'
import type { Numbers } from '../numbers.ts'
import type { Publishing } from '../publishing.ts'

export interface PauseDeps {
  store: Store
  keyring: Keyring
  limits: SendLimits
  numbers: Numbers
  publishing: Publishing
  log: Logger
}

/** Hold of a number while its pause is being written; far longer than the write takes. */
const WRITE_HOLD_MS = 60_000
/** Hold until every sender has read the number again. */
const REFRESH_HOLD_MS = 1500
/** Shortest time between two notices of held campaigns. */
const NOTICE_INTERVAL_MS = 3_600_000
const CAMPAIGNS_HELD = 'CAMPAIGNS_HELD'

/** Pauses what an error concerns: the number, all numbers of its business account, or all that use its token. */
export function createPause({ store, keyring, limits, numbers, publishing, log }: PauseDeps) {
  async function pauseOne(client: ClientDoc, why: { reason: PauseReason; detail: string; code?: number | null }): Promise<void> {
    numbers.hold(client.phoneNumberId, WRITE_HOLD_MS)
    try {
      const token = why.reason === 'token' ? client.accessToken : null
      const change = await pauseClient(store, { tenantId: client.tenantId, clientId: client._id, ...why, token })
      await report(change, 'number paused', why.reason)
    } finally {
      numbers.hold(client.phoneNumberId)
    }
  }

  async function report(change: ClientChange | null, logMessage: string, reason: string): Promise<void> {
    if (change === null) return
    const { _id, tenantId } = change.client
    log.warn({ clientId: String(_id), tenantId: String(tenantId), reason }, logMessage)
    await publishing.publish([change.event])
  }

  async function affected(client: ClientDoc, error: DescribedError): Promise<ClientDoc[]> {
    if (error.scope !== 'waba' && error.scope !== 'token') return [client]
    const others = await findActiveNumbers(store, client.tenantId)
    const token = tokenOf(keyring, client)
    const isAffected = (other: ClientDoc) =>
      error.scope === 'waba' ? other.wabaId === client.wabaId : token !== null && tokenOf(keyring, other) === token
    return [client, ...others.filter(other => !other._id.equals(client._id) && isAffected(other))]
  }

  return {
    /** Pauses for a refusal. Many calls in flight may fail alike: only the first of them changes anything. */
    async pauseFor(client: ClientDoc, error: DescribedError): Promise<void> {
      // Before the first await: from here on this process starts no send of the number, and soon no other process does.
      numbers.hold(client.phoneNumberId, WRITE_HOLD_MS)
      await (error.scope === 'waba'
        ? limits.hold('waba', client.wabaId, REFRESH_HOLD_MS)
        : limits.hold('number', client.phoneNumberId, REFRESH_HOLD_MS))
      const why = { reason: pauseReason(error), detail: noticeText(error), code: error.code }
      for (const one of await affected(client, error)) await pauseOne(one, why)
    },
    /** Records that the number's campaigns are held while its replies continue. Adds a notice at most once an hour. */
    async noteHeldCampaigns({ tenantId, _id: clientId }: ClientDoc, error: DescribedError, ms: number): Promise<void> {
      const client = await getClient(store, tenantId, clientId)
      const at = new Date()
      await updateClientWithoutEvent(store, client, { campaignsHeldUntil: new Date(at.getTime() + ms) })
      const last = client.notices?.find(({ type }) => type === CAMPAIGNS_HELD)
      if (last && at.getTime() - last.at.getTime() < NOTICE_INTERVAL_MS) return
      const { changes, provided } = noticeChange(client, {
        type: CAMPAIGNS_HELD,
        severity: 'WARNING',
        text: noticeText(error),
        at,
      })
      const change = await changeClient(store, { tenantId, clientId }, changes, provided, { reason: 'campaigns-held' })
      await report(change, 'campaigns held', 'quality')
    },
    /** Remembers that Meta takes no message without a template from the number: the gateway uses fallback templates at once. */
    async noteDirectSendRefused(client: ClientDoc): Promise<void> {
      await updateClientWithoutEvent(store, client, { directSendRefusedAt: new Date() })
    },
    /** Pauses a number whose stored token no key decrypts. */
    unreadableToken: (client: ClientDoc) => pauseOne(client, { reason: 'token', detail: UNREADABLE_TOKEN }),
  }
}
export type Pause = ReturnType<typeof createPause>

/** The text of a notice: what happened and what to do about it. */
const noticeText = ({ code, subcode, sentence, nextStep }: DescribedError): string =>
  code === 190 && subcode !== null ? problemSentence({ code, subcode, text: null }) : `${sentence} ${nextStep}`
