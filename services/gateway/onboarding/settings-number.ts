import { createHash } from 'node:crypto'
import { findOnlyTenant } from '#shared/store/accounts/tenants.ts'
import { createConnection } from '#shared/store/numbers/connections.ts'
import type { SettingsNumber } from '../config.ts'
import type { ConnectionJobDeps } from '../numbers/background-deps.ts'
import { draft } from './begin.ts'
import { seal } from './deps.ts'

/**
 * Connects the number of `WHATSAPP_ACCESS_TOKEN`, `WHATSAPP_PHONE_NUMBER_ID` and `WHATSAPP_WABA_ID`, once for each token: it goes to
 * the tenant that the settings name, else to the only one there is. A number that somebody disconnects stays so.
 */
export async function connectSettingsNumber(deps: ConnectionJobDeps): Promise<void> {
  const { store, keyring, settingsNumber: number, log } = deps
  if (number === null) return
  const tenantId = number.tenantId ?? (await findOnlyTenant(store))
  if (tenantId === null) return
  const actor = { kind: 'system' as const, id: null, name: 'settings' }
  const input = { phoneNumberId: number.phoneNumberId, wabaId: number.wabaId }
  const row = draft(deps, { tenantId: String(tenantId), actor, input }, { kind: 'settings', causeKey: causeOf(number) })
  const accessToken = seal(keyring, row, 'accessToken', number.accessToken)
  const created = await createConnection(store, { ...row, accessToken })
  if (created)
    log.info({ tenantId: String(tenantId), connectionId: String(created._id) }, 'number of the settings is being connected')
}

const causeOf = ({ accessToken, phoneNumberId, wabaId }: SettingsNumber) =>
  `settings:${createHash('sha256').update(`${accessToken} ${phoneNumberId} ${wabaId}`).digest('hex')}`
