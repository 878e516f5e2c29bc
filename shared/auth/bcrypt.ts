import { Worker } from 'node:worker_threads'
import type { BcryptAnswer, BcryptQuestion } from './bcrypt-worker.ts'

interface Waiting {
  resolve(isRight: boolean): void
  reject(error: Error): void
}

let worker: Worker | null = null
let lastId = 0
const waiting = new Map<number, Waiting>()

/**
 * Whether a password belongs to a bcrypt hash; false for a hash that cannot be read. The package computes in JavaScript, so it
 * does in a thread of its own, which starts with the first question: on the main thread every request would stand still.
 */
export function compareBcrypt(password: string, hash: string): Promise<boolean> {
  worker ??= start()
  const question: BcryptQuestion = { id: ++lastId, password, hash }
  const answer = new Promise<boolean>((resolve, reject) => waiting.set(question.id, { resolve, reject }))
  worker.postMessage(question)
  return answer
}

function start(): Worker {
  const started = new Worker(new URL('./bcrypt-worker.ts', import.meta.url))
  started.on('message', ({ id, isRight }: BcryptAnswer) => {
    waiting.get(id)?.resolve(isRight)
    waiting.delete(id)
  })
  // 'exit' follows, where the questions are answered.
  started.on('error', () => undefined)
  started.on('exit', code => {
    worker = null
    for (const { reject } of waiting.values()) reject(new Error(`the thread for bcrypt ended with ${code}`))
    waiting.clear()
  })
  // An idle thread keeps no process alive.
  started.unref()
  return started
}

const NOBODYS_SALT_AND_DIGEST = '.'.repeat(53)

/** A bcrypt hash of this cost that no password has. */
export const nobodysBcrypt = (cost: number): string => `$2b$${String(cost).padStart(2, '0')}$${NOBODYS_SALT_AND_DIGEST}`

/** The cost of a bcrypt hash, as the logarithm of its rounds; null for another kind of hash. */
export function bcryptCostOf(hash: string): number | null {
  const cost = /^\$2[abxy]?\$(\d\d)\$/.exec(hash)?.[1]
  return cost === undefined ? null : Number(cost)
}
