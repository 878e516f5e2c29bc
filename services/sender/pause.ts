import type { Keyring } from '#shared/auth/encryption.ts'
import { type DescribedError, pauseReason } from '#shared/domain/send-errors.ts'
import type { Logger } from '#shared/process/logger.ts'
import { pauseClient } from '#shared/store/clients.ts'
import type { Store } from '#shared/store/connect.ts'
import type { ClientDoc, PauseReason } from '#shared/store/documents.ts'
import { findActiveNumbers } from '#shared/store/sending-numbers.ts'
import type { Publishing } from './bells.ts'
import { type Numbers, tokenOf } from './numbers.ts'

export interface PauseDeps {
  store: Store
  keyring: Keyring
  numbers: Numbers
  publishing: Publishing
  log: Logger
}

/** Stops what an error is about: the number, all numbers of its business account, or all that use its token. */
export function createPause({ store, keyring, numbers, publishing, log }: PauseDeps) {
  async function pauseOne(client: ClientDoc, reason: PauseReason, detail: string): Promise<void> {
    numbers.hold(client.phoneNumberId)
    const change = await pauseClient(store, { tenantId: client.tenantId, clientId: client._id, reason, detail })
    if (change === null) return
    log.warn({ clientId: String(client._id), tenantId: String(client.tenantId), reason }, 'number paused')
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
    /** Many calls in flight may fail alike: only the first of them changes anything. */
    async because(client: ClientDoc, error: DescribedError): Promise<void> {
      const reason = pauseReason(error)
      for (const one of await affected(client, error)) await pauseOne(one, reason, error.sentence)
    },
    /** The stored token opens with none of our keys. */
    unreadableToken: (client: ClientDoc) =>
      pauseOne(client, 'token', 'The stored access token cannot be read. Connect the number again.'),
  }
}
export type Pause = ReturnType<typeof createPause>
