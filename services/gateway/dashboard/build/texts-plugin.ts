import { readFileSync } from 'node:fs'
import { compileMessage } from '@lingui/message-utils/compileMessage'
import type { Plugin } from 'vite'

/** Languages of the interface. Each text of a `texts.json` has all of them. */
export const LANGUAGES = ['en', 'fr', 'ar'] as const
export type Language = (typeof LANGUAGES)[number]
/** Content of a `texts.json`: ICU messages by id, each in every language. */
export type Texts = Record<string, Record<Language, string>>

const ASKED = /^(.+\/texts)\.json\?lang=(en|fr|ar)$/
const LOADED = /^\0texts-(en|fr|ar):(.+)$/

/**
 * Makes `texts.json?lang=fr` a module: the French messages of one folder, compiled, so that the browser needs no parser of ICU and
 * gets one language only. A changed file reloads the page.
 */
export function textsPlugin(src: string): Plugin {
  return {
    name: 'linko-texts',
    enforce: 'pre',
    async resolveId(source, importer) {
      const asked = ASKED.exec(source)
      if (asked === null) return null
      const file = asked[1]?.startsWith('/src/') ? `${src}${asked[1].slice('/src'.length)}.json` : `${asked[1]}.json`
      const resolved = await this.resolve(file, importer, { skipSelf: true })
      // Without `.json` at its end, or Vite's own reader of JSON would take it.
      return resolved && `\0texts-${asked[2]}:${resolved.id.replace(/\.json$/, '')}`
    },
    load(id) {
      const loaded = LOADED.exec(id)
      if (loaded === null) return null
      const file = `${loaded[2]}.json`
      this.addWatchFile(file)
      const texts = JSON.parse(readFileSync(file, 'utf8')) as Texts
      return `export default ${JSON.stringify(compiled(texts, loaded[1] as Language))}`
    },
  }
}

const compiled = (texts: Texts, language: Language) =>
  Object.fromEntries(Object.entries(texts).map(([id, text]) => [id, compileMessage(text[language])]))
