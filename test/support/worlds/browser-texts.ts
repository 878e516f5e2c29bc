import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setupI18n } from '@lingui/core'
import { compileMessage } from '@lingui/message-utils/compileMessage'
import { ROOT } from '#shared/process/config.ts'

export type Language = 'en' | 'fr' | 'ar'

const texts = Object.assign(
  {},
  ...globSync('services/gateway/dashboard/src/**/texts.json', { cwd: ROOT }).map(file =>
    JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')),
  ),
) as Record<string, Record<Language, string> | undefined>

/** A text of the dashboard in a language, as it stands in its file: places such as `{n}` stay. */
export function textOf(language: Language, id: string): string {
  const text = texts[id]?.[language]
  if (text === undefined) throw new Error(`The dashboard has no text ${id} in ${language}.`)
  return text
}

/** A text as a page shows it. @param values of its places */
export function shownText(language: Language, id: string, values: Record<string, string | number> = {}): string {
  const i18n = setupI18n({ locale: language, messages: { [language]: { [id]: compileMessage(textOf(language, id)) } } })
  return i18n._(id, values)
}
