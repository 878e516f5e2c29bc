import { backlogBytes, terminate } from '../connection.ts'
import { type LinkoServer, type LinkoSocket, localSockets } from '../socket-types.ts'

/** Backlogs up to this size are ignored. */
const SLOW_BYTES = 4 * 1024 * 1024
/** A socket with a larger backlog is disconnected at once. */
const MAX_BYTES = 32 * 1024 * 1024

/** Disconnects clients that do not read, because their backlog would fill the memory. They catch up when they reconnect. */
export class SlowSockets {
  readonly #io: LinkoServer
  /** Sockets that were slow in the last run, with their backlog in bytes. */
  #backlogs = new Map<LinkoSocket, number>()

  constructor(io: LinkoServer) {
    this.#io = io
  }

  /** Disconnects sockets whose backlog has not shrunk since the last run. After a mere burst of events it would have. */
  disconnect(): void {
    const before = this.#backlogs
    this.#backlogs = new Map()
    for (const socket of localSockets(this.#io)) {
      const bytes = backlogBytes(socket)
      if (bytes > SLOW_BYTES) this.#check(socket, bytes, before.get(socket))
    }
  }

  #check(socket: LinkoSocket, bytes: number, before: number | undefined): void {
    const isGrowing = before !== undefined && bytes >= before
    if (bytes > MAX_BYTES || isGrowing) terminate(socket.conn)
    else this.#backlogs.set(socket, bytes)
  }
}
