import { useText } from '../lib/i18n/text.tsx'

/** What the server notes of a step of a message; who did it (`by <name>`) in the reader's language. */
export function useDetail(): (detail: string) => string {
  const t = useText()
  return detail => {
    const name = /^by (.+)$/s.exec(detail)?.[1]
    return name === undefined ? detail : t('ui.by', { name: `\u2068${name}\u2069` })
  }
}
