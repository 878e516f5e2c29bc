import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startTime } from './process-table.ts'

/** Ports below the range of outgoing connections. */
const LOWEST = 20_000
const HIGHEST = 32_000
const taken = new Set<number>()

/**
 * Folder in which the launchers of one machine record the ports that they have assigned: a port looks free until its server
 * listens.
 */
const CLAIMS = path.join(tmpdir(), `linko-ports-${process.getuid?.() ?? 0}`)

/**
 * A free TCP port on 127.0.0.1 that no launcher has assigned: `preferred` if possible, else the next free one above it, else
 * any below 32,000. It stays assigned until this process ends. @throws Error when no port is free
 */
export async function freePort(preferred?: number): Promise<number> {
  const start = preferred ?? LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
  for (let i = 0; i < HIGHEST; i++) {
    const port = start + i < HIGHEST ? start + i : LOWEST + ((start + i) % (HIGHEST - LOWEST))
    if (taken.has(port) || !claim(port)) continue
    taken.add(port)
    if (await isFree(port)) return port
  }
  throw new Error('There is no free port on 127.0.0.1.')
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function claim(port: number): boolean {
  const file = path.join(CLAIMS, String(port))
  mkdirSync(CLAIMS, { recursive: true })
  if (taken.size === 0) process.once('exit', releaseClaims)
  if (isClaimedByOther(file)) return false
  try {
    rmSync(file, { force: true })
    writeFileSync(file, `${process.pid} ${startTime(process.pid)}`, { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

function isClaimedByOther(file: string): boolean {
  try {
    const [pid, startedAt] = readFileSync(file, 'utf8').split(' ')
    return Number(pid) !== process.pid && startedAt !== '' && startTime(Number(pid)) === startedAt
  } catch {
    return false
  }
}

function releaseClaims(): void {
  for (const port of taken) rmSync(path.join(CLAIMS, String(port)), { force: true })
}
