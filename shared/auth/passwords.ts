import { type Algorithm, hash, parseOptions, verify } from '@node-rs/argon2'
import bcrypt from 'bcryptjs'

// The package's enum exists for the type checker only: 2 is Argon2id.
const ARGON2ID: Algorithm.Argon2id = 2
const COST = { algorithm: ARGON2ID, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const
const BCRYPT = /^\$2[abxy]?\$\d\d\$/

export interface PasswordCheck {
  ok: boolean
  /** True for a correct password whose hash is outdated or too weak: store `hashPassword` of it now. */
  needsRehash: boolean
}

export async function hashPassword(password: string): Promise<string> {
  return await hash(password.normalize('NFC'), COST)
}

/** Checks a password against an Argon2id hash, or a bcrypt hash of a former system. An unreadable hash fails the check. */
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

/** Takes as long as a real check and fails, so that the time does not reveal unknown e-mail addresses. */
export async function verifyUnknown(password: string): Promise<false> {
  nobodysHash ??= hashPassword('nobody has this password')
  await verify(await nobodysHash, password.normalize('NFC'))
  return false
}

/** Prepares the hash for `verifyUnknown`, so that the first unknown address takes no longer than the others. */
export async function warmUpPasswords(): Promise<void> {
  await verifyUnknown('')
}

function isWeak(stored: string): boolean {
  const { algorithm, memoryCost, timeCost } = parseOptions(stored)
  return algorithm !== ARGON2ID || memoryCost < COST.memoryCost || timeCost < COST.timeCost
}
