const SHORTEST = 12
const LONGEST = 200

/** Stems of the passwords that are guessed first; digits and signs around them do not help. */
const COMMON = new Set(
  `password passw0rd p@ssword p@ssw0rd motdepasse azerty azertyuiop qwerty qwertyuiop qwertz qazwsx qazwsxedc asdfgh asdfghjkl
  zxcvbn zxcvbnm letmein welcome bienvenue iloveyou admin administrator administrateur root user utilisateur login guest test
  changeme changeit secret master dragon monkey football baseball basketball superman batman princess sunshine shadow
  whatsapp linko linkojob whatsappbusiness maroc morocco casablanca france soleil doudou loulou chouchou nicolas
  abc abcd abcde abcdef abcdefgh abcdefghijkl trustno starwars pokemon computer internet samsung facebook google`.split(/\s+/),
)

/**
 * Why a new password is refused, as a sentence; null when it is good. Length counts more than kinds of characters; what
 * others choose and what the address tells is refused.
 */
export function passwordProblem(password: string, about: { email?: string; name?: string } = {}): string | null {
  if ([...password].length < SHORTEST) return `A password needs at least ${SHORTEST} characters`
  if (password.length > LONGEST) return `A password has at most ${LONGEST} characters`
  const plain = password.normalize('NFKC').toLowerCase()
  if (new Set(plain).size < 5) return 'A password needs at least 5 different characters'
  if (isSequence(plain)) return 'A password is more than a run of neighbouring characters'
  const stem = plain.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
  if (COMMON.has(stem) || COMMON.has(halved(stem))) return 'This password is among those that are guessed first'
  const personal = [about.email?.split('@')[0], about.name].filter(part => part !== undefined && part.length >= 4)
  if (personal.some(part => stem === part?.toLowerCase())) return 'A password is more than your name'
  return null
}

/** `123456789012`, `abcdefghijkl` and the like, up or down. */
function isSequence(text: string): boolean {
  const steps = [...text].slice(1).map((char, i) => (char.codePointAt(0) ?? 0) - (text.codePointAt(i) ?? 0))
  const even = steps.filter(step => Math.abs(step) === 1 || step === -9).length
  return even >= steps.length - 1
}

/** `passwordpassword` -> `password`. */
function halved(text: string): string {
  const half = text.slice(0, text.length / 2)
  return half + half === text ? half : text
}
