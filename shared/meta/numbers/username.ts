import { type NumberUsername, USERNAME_STATUSES } from '../../domain/numbers/username.ts'
import type { GraphResult, MetaClient } from '../client.ts'
import { isObject, listOf, text } from '../json.ts'
import { edgeOf, type NumberAccess, signed } from './access.ts'

const EDGE = 'username'

/** Requests the username of a number. */
export const askUsername = (meta: MetaClient, access: NumberAccess): Promise<GraphResult> =>
  meta.graph.get(edgeOf(access, EDGE), signed(access))

/** Requests usernames that Meta proposes for a number. */
export const askSuggestions = (meta: MetaClient, access: NumberAccess): Promise<GraphResult> =>
  meta.graph.get(edgeOf(access, 'username_suggestions'), signed(access))

/** Claims a username. @param isTransfer takes it from another number of the portfolio, which then has none */
export const setUsername = (
  meta: MetaClient,
  access: NumberAccess,
  { username, isTransfer }: { username: string; isTransfer: boolean },
): Promise<GraphResult> =>
  meta.graph.post(edgeOf(access, EDGE), {
    ...signed(access),
    body: { username, transfer_action: isTransfer ? 'force_transfer' : 'none' },
  })

/** Gives the username of a number back. */
export const deleteUsername = (meta: MetaClient, access: NumberAccess): Promise<GraphResult> =>
  meta.graph.delete(edgeOf(access, EDGE), signed(access))

/** The username in Meta's answer. A state that Linko does not know is read as not yet in use. */
export function readUsername(data: Record<string, unknown>): NumberUsername {
  const username = text(data.username)?.replace(/^@/, '') ?? null
  if (username === null) return { username: null, status: null }
  const word = text(data.status)?.toLowerCase()
  return { username, status: USERNAME_STATUSES.find(status => status === word) ?? 'reserved' }
}

/** Usernames that Meta proposes. */
export const readSuggestions = (data: Record<string, unknown>): string[] =>
  listOf(data.data)
    .filter(isObject)
    .flatMap(one => listOf(one.username_suggestions))
    .flatMap(name => text(name) ?? [])
