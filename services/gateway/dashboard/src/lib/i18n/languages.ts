export const LANGUAGES = ['en', 'fr', 'ar'] as const
export type Language = (typeof LANGUAGES)[number]

/** Names of the languages in themselves. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', fr: 'Français', ar: 'العربية' }

/** Locales for numbers, dates and plurals. Arabic has Latin digits, as in Morocco and on every screen that one compares with. */
export const INTL_LOCALES: Record<Language, string> = { en: 'en-GB', fr: 'fr-FR', ar: 'ar-MA-u-nu-latn' }

export const directionOf = (language: Language): 'ltr' | 'rtl' => (language === 'ar' ? 'rtl' : 'ltr')

/** The first of the given languages that we speak; English otherwise. */
export function chooseLanguage(wanted: readonly (string | null | undefined)[]): Language {
  for (const name of wanted) {
    const language = LANGUAGES.find(known => known === name?.slice(0, 2).toLowerCase())
    if (language !== undefined) return language
  }
  return 'en'
}
