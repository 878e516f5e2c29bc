import { type Algorithm, hash, parseOptions, verify } from '@node-rs/argon2'
import bcrypt from 'bcryptjs'

// The package's enum exists for the type checker only: 2 is Argon2id.
const ARGON2ID: Algorithm.Argon2id = 2
const COST = { algorithm: ARGON2ID, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const
const BCRYPT = /^\$2[abxy]?\$\d\d\$/

export interface PasswordCheck {
  ok: boolean
  /** Right, but stored the old way or too cheaply: store `hashPassword` of it now. */
  needsRehash: boolean
}

export async function hashPassword(password: string): Promise<string> {
  return await hash(password.normalize('NFC'), COST)
}

/** Argon2id, or bcrypt of the systems that Linko takes over. A hash that nobody can read is a wrong password. */
export async function verifyPassword(stored: string, password: string): Promise<PasswordCheck> {
  if (BCRYPT.test(stored)) {
    const ok = await bcrypt.compare(password, stored)
    return { ok, needsRehash: ok }
  }
  try {
    const ok = await verify(stored, password.normalize('NFC'))
    return { ok, needsRehash: ok && isWeak(stored) }
  } catch {
    await verifyUnknown(password)
    return { ok: false, needsRehash: false }
  }
}

let nobodysHash: Promise<string> | undefined

/** Takes as long as a real check and is never right: an address that nobody has is not told apart by the clock. */
export async function verifyUnknown(password: string): Promise<false> {
  nobodysHash ??= hashPassword('nobody has this password')
  await verify(await nobodysHash, password.normalize('NFC'))
  return false
}

/** Hashes ahead of the first sign-in, so that the first unknown address costs no more than the others. */
export async function warmUpPasswords(): Promise<void> {
  await verifyUnknown('')
}

function isWeak(stored: string): boolean {
  const { algorithm, memoryCost, timeCost } = parseOptions(stored)
  return algorithm !== ARGON2ID || memoryCost < COST.memoryCost || timeCost < COST.timeCost
}
