import type { LinkoSocket } from './socket-types.ts'

/** Longest wait for a connection to take its backlog. */
const DRAIN_MS = 30_000

/** The parts of the `ws` connection that Socket.io does not expose. */
interface WebSocketLike {
  bufferedAmount?: number
  terminate?: () => void
}
const webSocketOf = (conn: LinkoSocket['conn']) => (conn.transport as { socket?: WebSocketLike }).socket

/** Packets that the engine holds back because the connection accepts no more. */
function heldPackets({ conn }: LinkoSocket): { data?: unknown }[] {
  const packets: unknown = Reflect.get(conn, 'writeBuffer')
  return Array.isArray(packets) ? packets : []
}

/** Bytes that are not sent yet, in the WebSocket and in the engine. */
export function backlogBytes(socket: LinkoSocket): number {
  const held = heldPackets(socket).reduce((sum, { data }) => sum + (typeof data === 'string' ? data.length : 0), 0)
  return held + (webSocketOf(socket.conn)?.bufferedAmount ?? 0)
}

/** Resolves when the engine holds no packets, so that a long answer is sent part by part. Gives up after `DRAIN_MS`. */
export async function drained(socket: LinkoSocket): Promise<void> {
  const until = Date.now() + DRAIN_MS
  while (heldPackets(socket).length > 0 && !socket.disconnected && Date.now() < until) {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, 1000)
      socket.conn.once('drain', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

/** Ends a connection at once. A regular close would wait for its backlog, and then half a minute for an answer. */
export function terminate(conn: LinkoSocket['conn']): void {
  const webSocket = webSocketOf(conn)
  if (webSocket?.terminate) webSocket.terminate()
  else conn.close(true)
}
