import { type Algorithm, hash, parseOptions, verify } from '@node-rs/argon2'
import { bcryptCostOf, compareBcrypt, nobodysBcrypt } from './bcrypt.ts'
import { HashQueue } from './hash-queue.ts'

// The package's enum exists for the type checker only: 2 is Argon2id.
const ARGON2ID: Algorithm.Argon2id = 2
const COST = { algorithm: ARGON2ID, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const

export interface PasswordCheck {
  ok: boolean
  /** True for a correct password whose hash is outdated or too weak: store `hashPassword` of it now. */
  needsRehash: boolean
}

const WRONG: PasswordCheck = { ok: false, needsRehash: false }
/** All hashes of this process take turns here. */
const queue = new HashQueue()

/** @throws ApiError 503 SIGN_IN_BUSY */
export const hashPassword = (password: string): Promise<string> => queue.run(() => hash(password.normalize('NFC'), COST))

/**
 * Checks the password of a known user against an Argon2id hash, or a bcrypt hash of a former system. An unreadable hash fails
 * the check. @throws ApiError 503 SIGN_IN_BUSY
 */
export const verifyPassword = (stored: string, password: string): Promise<PasswordCheck> =>
  queue.run(() => (bcryptCostOf(stored) === null ? verifyArgon2(stored, password) : verifyBcrypt(stored, password)))

/**
 * Checks the password of somebody who signs in. Whether the address is unknown, belongs to a user, or to one of a former system,
 * the same hashes are computed: one of Argon2id, and one of bcrypt as long as the platform has such hashes. So the time tells
 * nothing about the address.
 * @param stored the user's hash; null for an unknown address
 * @param bcryptCost cost of the bcrypt hashes that the platform still has; null when it has none
 * @throws ApiError 503 SIGN_IN_BUSY
 */
export function checkSignIn(stored: string | null, password: string, bcryptCost: number | null): Promise<PasswordCheck> {
  const isBcrypt = stored !== null && bcryptCostOf(stored) !== null
  return queue.run(async () => {
    const argon2 = await verifyArgon2(isBcrypt ? null : stored, password)
    if (isBcrypt) return await verifyBcrypt(stored, password)
    if (bcryptCost !== null) await compareBcrypt(password, nobodysBcrypt(bcryptCost))
    return argon2
  })
}

/** Prepares the hash that unknown addresses are checked against, so that the first of them takes no longer than the others. */
export async function warmUpPasswords(): Promise<void> {
  await checkSignIn(null, '', null)
}

async function verifyBcrypt(stored: string, password: string): Promise<PasswordCheck> {
  const ok = await compareBcrypt(password, stored)
  return { ok, needsRehash: ok }
}

/** @param stored null: takes as long as a real check and fails */
async function verifyArgon2(stored: string | null, password: string): Promise<PasswordCheck> {
  if (stored === null) return await failSlowly(password)
  try {
    const ok = await verify(stored, password.normalize('NFC'))
    if (!isWeak(stored)) return { ok, needsRehash: false }
    // A weak hash is quick: a whole one beside it makes up for the time.
    await failSlowly(password)
    return { ok, needsRehash: ok }
  } catch {
    return await failSlowly(password)
  }
}

let nobodysHash: Promise<string> | undefined

async function failSlowly(password: string): Promise<PasswordCheck> {
  nobodysHash ??= hash('nobody has this password', COST)
  await verify(await nobodysHash, password.normalize('NFC'))
  return WRONG
}

function isWeak(stored: string): boolean {
  const { algorithm, memoryCost, timeCost } = parseOptions(stored)
  return algorithm !== ARGON2ID || memoryCost < COST.memoryCost || timeCost < COST.timeCost
}
