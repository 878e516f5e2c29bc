import { type Sentence, sentencesOf } from '../domain/sentence.ts'

const SHORTEST = 12
const LONGEST = 200
const LEAST_DIFFERENT = 5

/** Why a new password is refused: English texts by key. */
export const PASSWORD_PROBLEMS = {
  'password-too-short': 'The password must have at least {least} characters.',
  'password-too-long': 'The password can have at most {most} characters.',
  'password-too-even': 'The password must have at least {least} different characters.',
  'password-sequence': 'The password cannot be a sequence such as 12345678 or abcdefgh.',
  'password-common': 'This password is too common. Choose another one.',
  'password-personal': 'The password cannot consist of your name or e-mail address.',
} as const
const problem = sentencesOf<keyof typeof PASSWORD_PROBLEMS>(PASSWORD_PROBLEMS)

/** Stems of common passwords; digits and punctuation around them are ignored. */
const COMMON = new Set(
  `password passw0rd p@ssword p@ssw0rd motdepasse azerty azertyuiop qwerty qwertyuiop qwertz qazwsx qazwsxedc asdfgh asdfghjkl
  zxcvbn zxcvbnm letmein welcome bienvenue iloveyou admin administrator administrateur root user utilisateur login guest test
  changeme changeit secret master dragon monkey football baseball basketball superman batman princess sunshine shadow
  whatsapp linko linkojob whatsappbusiness maroc morocco casablanca france soleil doudou loulou chouchou nicolas
  abc abcd abcde abcdef abcdefgh abcdefghijkl trustno starwars pokemon computer internet samsung facebook google`.split(/\s+/),
)

/**
 * Reason for refusing a new password, as a sentence; null for an acceptable one. Length matters more than kinds of characters;
 * common passwords and those made of the name or the address are refused.
 */
export function passwordProblem(password: string, about: { email?: string; name?: string } = {}): Sentence | null {
  if ([...password].length < SHORTEST) return problem('password-too-short', { least: SHORTEST })
  if (password.length > LONGEST) return problem('password-too-long', { most: LONGEST })
  const plain = password.normalize('NFKC').toLowerCase()
  if (new Set(plain).size < LEAST_DIFFERENT) return problem('password-too-even', { least: LEAST_DIFFERENT })
  if (isSequence(plain)) return problem('password-sequence')
  const stem = plain.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
  if (COMMON.has(stem) || COMMON.has(halved(stem))) return problem('password-common')
  const personal = [about.email?.split('@')[0], about.name].filter(part => part !== undefined && part.length >= 4)
  if (personal.some(part => stem === part?.toLowerCase())) return problem('password-personal')
  return null
}

/** Whether a text is a sequence such as `123456789012` or `abcdefghijkl`, ascending or descending. */
function isSequence(text: string): boolean {
  const steps = [...text].slice(1).map((char, i) => (char.codePointAt(0) ?? 0) - (text.codePointAt(i) ?? 0))
  const even = steps.filter(step => Math.abs(step) === 1 || step === -9).length
  return even >= steps.length - 1
}

/** Half of a text that repeats itself: `passwordpassword` becomes `password`. */
function halved(text: string): string {
  const half = text.slice(0, text.length / 2)
  return half + half === text ? half : text
}
