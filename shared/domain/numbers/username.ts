/** Shortest and longest username of a number. */
export const USERNAME_LENGTH = { min: 3, max: 35 } as const

/** Endings that WhatsApp takes for a web address. */
const DOMAIN_ENDINGS = /\.(?:com|org|net|int|edu|gov|mil|us|in|html)$/

/** Rules that a username may break. */
export type UsernameProblem = 'length' | 'characters' | 'letter' | 'dots' | 'www' | 'domain'

/** A username in the form in which names are compared: case does not count, and a leading `@` is no part of it. */
export const normalizedUsername = (name: string): string => name.trim().replace(/^@/, '').toLowerCase()

/** The first rule that a username breaks; null for one that WhatsApp may take, unless somebody has it. */
export function usernameProblem(name: string): UsernameProblem | null {
  const username = normalizedUsername(name)
  if (username.length < USERNAME_LENGTH.min || username.length > USERNAME_LENGTH.max) return 'length'
  if (!/^[a-z0-9._]+$/.test(username)) return 'characters'
  if (!/[a-z]/.test(username)) return 'letter'
  if (/^\.|\.$|\.\./.test(username)) return 'dots'
  if (username.startsWith('www')) return 'www'
  return DOMAIN_ENDINGS.test(username) ? 'domain' : null
}

/** What a username that breaks a rule is told. */
export const USERNAME_SENTENCES: Record<UsernameProblem, string> = {
  length: `Must have ${USERNAME_LENGTH.min} to ${USERNAME_LENGTH.max} characters`,
  characters: 'Must have only the letters a to z, digits, dots and underscores',
  letter: 'Must have a letter',
  dots: 'Must not begin or end with a dot, or have two dots in a row',
  www: 'Must not begin with www',
  domain: 'Must not end like a web address, such as .com',
}

/** States of a username: in use, or held for the number until WhatsApp has reviewed it. */
export const USERNAME_STATUSES = ['approved', 'reserved'] as const
export type UsernameStatus = (typeof USERNAME_STATUSES)[number]

/** Username of a number as WhatsApp has it. */
export interface NumberUsername {
  /** Null without one. */
  username: string | null
  /** Null without a username. */
  status: UsernameStatus | null
}
