import path from 'node:path'
import { Redis } from 'ioredis'
import { supervise } from '../processes.ts'
import { fetchPackage, findBinary } from './install.ts'
import type { PrivateServer, ServerLocation } from './private-server.ts'

export const findRedis = () => findBinary('redis-server')

export const fetchRedis = () => fetchPackage('redis-server', findRedis)

/** Starts a private Redis without persistence: it holds no data that Linko could not rebuild. */
export async function startRedis(binary: string, { dir, port, registry }: ServerLocation): Promise<PrivateServer> {
  const url = `redis://127.0.0.1:${port}`
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no']
  const supervised = await supervise(
    { name: 'redis', command: binary, args, logFile: path.join(dir, 'redis.log'), ready: () => pingRedis(url), stopMs: 5000 },
    registry,
  )
  return { url, supervised: [supervised] }
}

/** @throws Error unless Redis answers a PING */
export async function pingRedis(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null, connectTimeout: 1000 })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}
