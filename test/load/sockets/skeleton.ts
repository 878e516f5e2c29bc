import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'

/** Bare Socket.io with the same adapter: the room is the token, nobody is checked, nothing is kept. */
const redis = new Redis(process.env.REDIS_URL ?? '')
const server = createServer()
const io = new Server(server, {
  adapter: createAdapter(redis, redis.duplicate(), { key: `bench:${process.pid}` }),
  transports: ['websocket'],
  perMessageDeflate: false,
})
io.on('connection', socket => {
  void socket.join(String(socket.handshake.auth.token))
  socket.emit('session:ready')
})

/** Emissions to each room in turn, so many in a second, or as many as go when `perSecond` is 0. */
async function emit({ rooms, count, perSecond }: { rooms: string[]; count: number; perSecond: number }): Promise<void> {
  const startedAt = performance.now()
  for (let i = 0; i < count; i++) {
    while (perSecond > 0 && performance.now() < startedAt + (i * 1000) / perSecond)
      await new Promise(resolve => setTimeout(resolve, 1))
    const payload = {
      messageId: `m${i}`,
      status: 'delivered',
      text: 'x'.repeat(150),
      eventId: `e${i}`,
      seq: i,
      tenantId: rooms[0],
    }
    const sentAt = performance.timeOrigin + performance.now()
    io.to(rooms[i % rooms.length] as string).emit('message:status', { ...payload, sentAt, at: new Date().toISOString() })
    if (i % 10 === 9) await nextTurn()
  }
}

process.on('message', (job: Parameters<typeof emit>[0]) => void emit(job))
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('SIGTERM', () => process.exit(0))
