import type { Store } from '#shared/store/connect.ts'
import { findEnded, isRestricted } from '../authenticate.ts'
import { endSession } from '../session.ts'
import type { LinkoSocket } from '../socket-types.ts'

/**
 * Ends the sessions of the sockets whose access is no longer valid, and moves those whose account has changed what its agents see:
 * they connect again at once. @throws Outage
 */
export async function endRevoked(store: Store, sockets: readonly LinkoSocket[]): Promise<void> {
  const ended = await findEnded(
    store,
    sockets.map(socket => socket.data.access),
  )
  for (const socket of sockets) {
    if (ended.has(socket.data.access)) endSession(socket, 'revoked')
    else if (await hasOtherView(store, socket)) endSession(socket, 'moving')
  }
}

/** A socket that is still being welcomed gets the view of the moment. */
async function hasOtherView(store: Store, { data, rooms }: LinkoSocket): Promise<boolean> {
  if (data.access.role !== 'agent' || !rooms.has(`user:${data.access.userId}`)) return false
  return (await isRestricted(store, data.access)) !== (data.isOwnOnly === true)
}
