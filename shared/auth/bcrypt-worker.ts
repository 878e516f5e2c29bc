import { parentPort } from 'node:worker_threads'
import bcrypt from 'bcryptjs'

export interface BcryptQuestion {
  id: number
  password: string
  hash: string
}
export interface BcryptAnswer {
  id: number
  isRight: boolean
}

/** The thread that `compareBcrypt` starts: answers one question after the other. */
parentPort?.on('message', ({ id, password, hash }: BcryptQuestion) => {
  const answer: BcryptAnswer = { id, isRight: isRight(password, hash) }
  parentPort?.postMessage(answer)
})

function isRight(password: string, hash: string): boolean {
  try {
    return bcrypt.compareSync(password, hash)
  } catch {
    return false
  }
}
