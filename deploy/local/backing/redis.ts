import path from 'node:path'
import { Redis } from 'ioredis'
import { supervise } from '../processes.ts'
import type { OwnServer, Place } from './own.ts'
import { fetchPackage, findBinary } from './ways.ts'

export const findRedis = () => findBinary('redis-server')

export const fetchRedis = () => fetchPackage('redis-server', findRedis)

/** A private Redis: nothing is stored only here, so nothing is saved. */
export async function startRedis(binary: string, { dir, port, registry }: Place): Promise<OwnServer> {
  const url = `redis://127.0.0.1:${port}`
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no']
  const supervised = await supervise(
    { name: 'redis', command: binary, args, logFile: path.join(dir, 'redis.log'), ready: () => pingRedis(url), stopMs: 5000 },
    registry,
  )
  return { url, supervised: [supervised] }
}

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
