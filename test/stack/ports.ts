import { createServer } from 'node:net'

/** Below the range that outgoing connections take theirs from. */
const LOWEST = 20_000
const HIGHEST = 32_000
const given = new Set<number>()

/** A free TCP port on 127.0.0.1: `preferred` if it is free, else the next free one above, else any below 32,000. */
export async function freePort(preferred?: number): Promise<number> {
  const start = preferred ?? LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
  for (let i = 0; i < HIGHEST; i++) {
    const port = start + i < HIGHEST ? start + i : LOWEST + ((start + i) % (HIGHEST - LOWEST))
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error('no free port on 127.0.0.1')
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
