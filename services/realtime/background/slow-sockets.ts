import { backlogBytes, terminate } from '../connection.ts'
import { type LinkoServer, type LinkoSocket, localSockets } from '../socket-types.ts'

/** A backlog up to this is none. */
const SLOW_BYTES = 4 * 1024 * 1024
/** A socket with a longer backlog is disconnected at once. */
const MOST_BYTES = 32 * 1024 * 1024

/** Disconnects clients that do not read, for their backlog would fill the memory. They catch up from the log when they return. */
export class SlowSockets {
  readonly #io: LinkoServer
  /** Sockets that were slow at the last round, with their backlog in bytes. */
  #backlogs = new Map<LinkoSocket, number>()

  constructor(io: LinkoServer) {
    this.#io = io
  }

  /** A socket that is merely busy with a burst has a shorter backlog in the next round, and stays. */
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
    if (bytes > MOST_BYTES || isGrowing) terminate(socket.conn)
    else this.#backlogs.set(socket, bytes)
  }
}
