/** Whether bytes that were decoded by some encoding read like text: most wrong encodings betray themselves within a few words. */

const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['Latin', /\p{Script=Latin}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Hebrew', /\p{Script=Hebrew}/u],
  ['Arabic', /\p{Script_Extensions=Arabic}/u],
  ['Thai', /\p{Script=Thai}/u],
  ['East Asian', /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}/u],
]

/** Signs of the right half of code pages, between two letters: no word has them, but for the middle dot and the apostrophe. */
const SIGN_INSIDE =
  /\p{L}[\u00a1-\u00a9\u00ab\u00ac\u00ae-\u00b4\u00b6\u00b8\u00b9\u00bb-\u00bf\u00d7\u00f7\u2018\u201a-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]\p{L}/u
const UNREADABLE = /[\p{Co}\p{Cn}\ufffd]/u
/** Controls but tab and line ends. */
const CONTROL = /(?![\t\n\v\f\r])\p{Cc}/u

/** No control characters, no words of two scripts, no signs or capitals inside of words, no long words of accented letters alone. */
export function isPlausible(text: string): boolean {
  if (CONTROL.test(text) || UNREADABLE.test(text) || SIGN_INSIDE.test(text)) return false
  const words = (text.match(/[\p{L}\p{M}]+/gu) ?? []).filter(word => /[^\0-\x7f]/.test(word))
  return words.filter(word => !isWord(word)).length <= words.length / 50
}

function isWord(word: string): boolean {
  const scripts = SCRIPTS.filter(([, script]) => script.test(word)).map(([name]) => name)
  if (scripts.length > 1) return false
  const [script] = scripts
  // ASCII words may be `McDonald`.
  const hasCapitalInside = /\p{Ll}\p{Lu}/u.test(word.replace(/[a-z][A-Z]/g, 'aa'))
  const isAccentsAlone = script === 'Latin' && /^[^a-zA-Z]{3,}$/.test(word.normalize('NFC'))
  return !hasCapitalInside && !isAccentsAlone
}
