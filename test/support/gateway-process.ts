import { spawn } from 'node:child_process'
import { ROOT } from '#shared/process/config.ts'
import type { World } from './world.ts'
import { JWT_SECRET } from './worlds/realtime.ts'

/** Starts the gateway as a process of its own over the servers of a test. @param more further settings */
export function startGateway(world: World, more: NodeJS.ProcessEnv = {}) {
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    GATEWAY_PORT: '0',
    MONGODB_URI: world.mongodbUri,
    RABBITMQ_URL: world.rabbitmqUrl,
    REDIS_URL: world.redisUrl,
    JWT_SECRET,
    ...more,
  }
  const child = spawn(process.execPath, ['services/gateway/main.ts'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  return { child, output: () => output }
}
