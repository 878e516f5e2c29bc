/** Form of a language in which two spellings of it are equal: `EN-us`, `en_US` and `en-us` are `en_us`. */
export const languageKey = (language: string): string => language.trim().replaceAll('-', '_').toLowerCase()

/** The language as Meta lists it: `pt-br` is `pt_BR`, `zh-hant` is `zh_Hant`. */
export const languageCode = (language: string): string => {
  const [own = '', ...others] = languageKey(language).split('_')
  return [own, ...others.map(part => (part.length === 4 ? part[0]?.toUpperCase() + part.slice(1) : part.toUpperCase()))].join('_')
}

interface InLanguage {
  language: string
  status: string
}

export type LanguageChoice<T> =
  | { kind: 'one'; template: T }
  /** No template is in the wanted language; `languages` are those that exist. */
  | { kind: 'none'; languages: string[] }
  | { kind: 'several'; languages: string[] }

/**
 * The template of a name in the wanted language, in any spelling. The language may be left out where only one exists; disabled
 * templates, which stay stored after their deletion at Meta, do not count beside others. Another language is never sent instead.
 * @param named every template of the name
 */
export function chooseLanguage<T extends InLanguage>(named: readonly T[], wanted: string | undefined): LanguageChoice<T> {
  const languages = [...new Set(named.map(({ language }) => language))].toSorted()
  if (wanted === undefined) {
    const living = named.filter(({ status }) => status !== 'DISABLED')
    const [only, ...others] = living.length > 0 ? living : named
    if (only === undefined) return { kind: 'none', languages }
    if (others.every(other => languageKey(other.language) === languageKey(only.language)))
      return { kind: 'one', template: preferred([only, ...others]) }
    return { kind: 'several', languages: [only, ...others].map(({ language }) => language).toSorted() }
  }
  const same = named.filter(({ language }) => languageKey(language) === languageKey(wanted))
  const exact = same.find(({ language }) => language === wanted)
  const [first] = same
  if (first === undefined) return { kind: 'none', languages }
  return { kind: 'one', template: exact ?? preferred([first, ...same]) }
}

const preferred = <T extends InLanguage>(same: [T, ...T[]]): T => same.find(({ status }) => status === 'APPROVED') ?? same[0]

/** Sentence about a template that is not there in a language, with the languages in which it is. */
export function languageMissing(wanted: string | undefined, languages: readonly string[]): string {
  if (languages.length === 0) return 'There is no template with this name in the account of this number.'
  const there = `It exists in ${languages.join(', ')}.`
  return wanted === undefined
    ? `This template exists in several languages. Set \`language\`. ${there}`
    : `This template does not exist in the language ${wanted}. ${there}`
}
