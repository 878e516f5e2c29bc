import { createServer } from 'node:http'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import { seedDemo } from '#deploy/demo/seed.ts'
import { createReceiver } from '#services/ingest/receiver/receiver.ts'
import { startDeadLetterConsumer } from '#services/ingest/recorder/dead-letters.ts'
import { startRecorder } from '#services/ingest/recorder/recorder.ts'
import { createKeyring } from '#shared/auth/encryption.ts'
import { sign } from '#shared/meta/signature.ts'
import { listen } from '#shared/process/health.ts'
import { connectQueue } from '#shared/queue/connect.ts'
import { connectStore } from '#shared/store/connect.ts'
import { migrate } from '#shared/store/migrate.ts'
import type { World } from '../world.ts'

export const APP_SECRET = 'fixture-app-secret-not-real'
export const VERIFY_TOKEN = 'verify-token-of-tests'
export const log = pino({ level: process.env.TEST_LOG ?? 'silent' })
export const TOKEN_KEY = '11'.repeat(32)
export const keyring = createKeyring({ TOKEN_ENCRYPTION_KEY: TOKEN_KEY })

/** A store with the demo world. */
export async function openStore(world: World) {
  const store = await connectStore(world.mongodbUri)
  onTestFinished(() => store[Symbol.asyncDispose]())
  await migrate(store)
  await seedDemo(store, keyring)
  return store
}

export async function openQueue(world: World) {
  const queue = await connectQueue(world.rabbitmqUrl, { log, name: 'test', youngQueueWaitMs: 0 })
  onTestFinished(() => queue[Symbol.asyncDispose]())
  return queue
}

/** ingest with both roles, without its process: takes posted webhooks the whole way. */
export async function startIngest(world: World) {
  const store = await openStore(world)
  const queue = await openQueue(world)
  const deadLetterConsumer = await startDeadLetterConsumer({ store, queue, log })
  const recorder = await startRecorder({ store, queue, log })
  const app = createReceiver({ queue, spool: null, secrets: [APP_SECRET], verifyToken: VERIFY_TOKEN, log })
  const server = await listen(createServer(app), '127.0.0.1', 0)
  const url = `http://127.0.0.1:${server.port}/api/v1/webhook`
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]()
    await recorder[Symbol.asyncDispose]()
    await deadLetterConsumer[Symbol.asyncDispose]()
  })

  async function post(body: unknown, headers: Record<string, string> = {}, path = url): Promise<Response> {
    const raw = typeof body === 'string' ? body : JSON.stringify(body)
    return fetch(path, {
      method: 'POST',
      body: raw,
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': sign(raw, APP_SECRET), ...headers },
    })
  }

  return { store, queue, post }
}
