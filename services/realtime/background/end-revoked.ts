import type { Store } from '#shared/store/connect.ts'
import { findEnded } from '../authenticate.ts'
import { endSession } from '../session.ts'
import type { LinkoSocket } from '../socket-types.ts'

/** Ends the sessions of the sockets whose access is no longer valid. @throws Outage */
export async function endRevoked(store: Store, sockets: readonly LinkoSocket[]): Promise<void> {
  const ended = await findEnded(
    store,
    sockets.map(socket => socket.data.access),
  )
  for (const socket of sockets) if (ended.has(socket.data.access)) endSession(socket, 'revoked')
}
