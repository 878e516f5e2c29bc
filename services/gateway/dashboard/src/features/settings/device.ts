import Bowser from 'bowser'

/** Browser and system of a session, as its user agent names them; null for one that names neither. */
export function deviceOf(userAgent: string | null): { browser: string; system: string } | null {
  if (!userAgent) return null
  const { browser, os } = Bowser.parse(userAgent)
  return browser.name && os.name ? { browser: browser.name, system: os.name } : null
}
