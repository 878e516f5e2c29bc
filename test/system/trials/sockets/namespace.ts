import { execFileSync } from 'node:child_process'
import { connect, createServer } from 'node:net'

/**
 * A network of its own for one node, with two links to the host: one to Redis, which can be cut so that packets vanish without
 * a word, and one to everything else. Needs root and `ip`.
 */
export function openNamespace(name: string) {
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const links = { all: { subnet: '10.231.1', device: `${name}a` }, redis: { subnet: '10.231.2', device: `${name}r` } }
  close()
  ip('netns', 'add', name)
  for (const { subnet, device } of Object.values(links)) {
    ip('link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth', 'netns', name)
    ip('addr', 'add', `${subnet}.1/30`, 'dev', device)
    ip('link', 'set', device, 'up')
    ip('-n', name, 'addr', 'add', `${subnet}.2/30`, 'dev', 'eth')
    ip('-n', name, 'link', 'set', 'eth', 'name', device)
    ip('-n', name, 'link', 'set', device, 'up')
  }
  ip('-n', name, 'link', 'set', 'lo', 'up')

  function close(): void {
    try {
      execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' })
    } catch {
      // None was left behind.
    }
  }

  return {
    /** The node's own address, seen from the host; the host's on the two links, seen from the node. */
    node: `${links.all.subnet}.2`,
    host: `${links.all.subnet}.1`,
    hostForRedis: `${links.redis.subnet}.1`,
    /** A command that runs inside. */
    inside: (command: string, args: string[]) => ({ command: 'ip', args: ['netns', 'exec', name, command, ...args] }),
    cutRedis: () => ip('link', 'set', links.redis.device, 'down'),
    mendRedis: () => ip('link', 'set', links.redis.device, 'up'),
    [Symbol.dispose]: close,
  }
}

/** Lets the namespace reach a server that listens on 127.0.0.1. @returns the port, the same as the server's */
export async function forward(host: string, port: number): Promise<AsyncDisposable> {
  const server = createServer(client => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return {
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}
