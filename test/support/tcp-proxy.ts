import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/**
 * A way to a server that can be cut: connections die, new ones are refused, until it is mended. Of several servers it leads to the
 * first one that answers, as a load balancer in front of a cluster does.
 */
export async function startProxy(...urls: [string, ...string[]]) {
  const targets = urls.map(url => new URL(url))
  const sockets = new Set<Socket>()
  let isCut = false
  const watch = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  }
  const join = (client: Socket, [target, ...others]: URL[]) => {
    if (target === undefined || client.destroyed) return void client.destroy()
    const upstream = connect(Number(target.port), target.hostname)
    watch(upstream)
    const tryNext = () => join(client, others)
    upstream.once('error', tryNext)
    upstream.once('connect', () => {
      upstream.off('error', tryNext)
      upstream.on('close', () => client.destroy())
      if (client.destroyed) return void upstream.destroy()
      client.on('close', () => upstream.destroy())
      client.pipe(upstream).pipe(client)
    })
  }
  const server = createServer(client => {
    if (isCut) return void client.resetAndDestroy()
    watch(client)
    join(client, targets)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const through = new URL(urls[0])
  through.hostname = '127.0.0.1'
  through.port = String((server.address() as AddressInfo).port)
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: through.href,
    cut() {
      isCut = true
      drop()
    },
    mend() {
      isCut = false
    },
    async [Symbol.asyncDispose]() {
      drop()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
