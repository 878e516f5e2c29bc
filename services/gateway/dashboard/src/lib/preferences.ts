import { create } from 'zustand'
import type { Language } from './i18n/languages.ts'

/** What a person chose for this browser. Kept in local storage; `public/first-paint.js` reads it before the first paint. */
export interface Preferences {
  theme: 'light' | 'dark' | 'system'
  /** Null: the browser's language, or English. */
  locale: Language | null
  /** Whether Enter sends a message; otherwise it begins a line, and Ctrl or Cmd with Enter sends. */
  enterSends: boolean
  /** Whether single letters are shortcuts (WCAG 2.1.4 asks that they can be switched off). */
  singleKeys: boolean
  sound: boolean
  desktopNotifications: boolean
}

const DEFAULTS: Preferences = {
  theme: 'system',
  locale: null,
  enterSends: true,
  singleKeys: true,
  sound: false,
  desktopNotifications: false,
}
const KEY = 'linko.preferences'

export const usePreferences = create<Preferences>(() => ({ ...DEFAULTS, ...readKept() }))

export function setPreference<Name extends keyof Preferences>(name: Name, value: Preferences[Name]): void {
  usePreferences.setState({ [name]: value } as Pick<Preferences, Name>)
  try {
    localStorage.setItem(KEY, JSON.stringify(usePreferences.getState()))
  } catch {
    // Storage is forbidden or full: the choice holds until the page is closed.
  }
}

/** Theme follows the choice; `light-dark()` in the tokens does the rest. Another tab's choice is taken over. */
export function followPreferences(): void {
  const show = ({ theme }: Preferences) => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }
  usePreferences.subscribe(show)
  show(usePreferences.getState())
  window.addEventListener('storage', ({ key }) => key === KEY && usePreferences.setState({ ...DEFAULTS, ...readKept() }))
}

function readKept(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>
  } catch {
    return {}
  }
}
