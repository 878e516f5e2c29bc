import { type CallAccount, managementAccount } from '../../domain/graph-calls.ts'
import type { ClientDoc } from '../../model/documents.ts'

/** Access to a number by its own token. */
export interface NumberAccess {
  client: Pick<ClientDoc, 'tenantId' | 'wabaId' | 'phoneNumberId' | 'status' | 'pauseReason'>
  token: string
}

/** Path of an edge of a number, without the version. */
export const edgeOf = ({ client }: NumberAccess, ...edge: string[]): string =>
  [client.phoneNumberId, ...edge].map(encodeURIComponent).join('/')

/** Token of a call to a number, and the account whose limit counts the call. */
export const signed = ({ client, token }: NumberAccess): { token: string; account: CallAccount } => ({
  token,
  account: managementAccount(client),
})
