import { i18n, type Messages } from '@lingui/core'
import { whenIdle } from '../idle.ts'
import { loadChunk } from '../load-chunk.ts'
import { setPreference, usePreferences } from '../preferences.ts'
import { chooseLanguage, directionOf, INTL_LOCALES, type Language } from './languages.ts'

type Catalogues = Record<string, () => Promise<Messages>>
const CATALOGUES: Record<Language, Catalogues> = {
  en: import.meta.glob<Messages>('/src/**/texts.json', { query: '?lang=en', import: 'default' }),
  fr: import.meta.glob<Messages>('/src/**/texts.json', { query: '?lang=fr', import: 'default' }),
  ar: import.meta.glob<Messages>('/src/**/texts.json', { query: '?lang=ar', import: 'default' }),
}

/** Folders whose texts are on every page. */
const BASE = ['app', 'lib', 'ui']
/** Folders whose texts are shown now, so that a change of language brings them all. */
const loaded = new Set<string>(BASE)

let language = chooseLanguage([usePreferences.getState().locale, ...navigator.languages])

export const currentLanguage = (): Language => language

/** Loads the texts of a page: `features/inbox`. Call it in the loader of the page's route. */
export async function loadTexts(folder: string): Promise<void> {
  if (loaded.has(folder)) return
  i18n.load(language, await loadChunk(() => messagesOf(language, folder)))
  loaded.add(folder)
}

/** Loads the language that was chosen, or the browser's. */
export const startI18n = (): Promise<void> => speak(language)

/** Changes the language of the interface without a reload, and remembers it. */
export async function setLanguage(next: Language): Promise<void> {
  await speak(next)
  setPreference('locale', next)
}

async function speak(next: Language): Promise<void> {
  const folders = await Promise.all([...loaded].map(folder => messagesOf(next, folder)))
  for (const messages of folders) i18n.load(next, messages)
  language = next
  const root = document.documentElement
  root.lang = next
  root.dir = directionOf(next)
  i18n.activate(next, [INTL_LOCALES[next]])
  // Sentences of the server may have to be said while it is out of reach.
  if (next !== 'en') whenIdle(() => void loadTexts('lib/server').catch(() => undefined))
}

async function messagesOf(of: Language, folder: string): Promise<Messages> {
  const load = CATALOGUES[of][`/src/${folder}/texts.json`]
  if (load === undefined) throw new Error(`no texts of ${folder}`)
  return await load()
}
