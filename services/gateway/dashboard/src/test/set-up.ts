import { cleanup } from '@testing-library/react'
import { afterEach } from 'vitest'
import { startI18n } from '../lib/i18n/i18n.ts'

// What jsdom lacks of a browser.
window.matchMedia ??= () => ({ matches: false, addEventListener: () => undefined, removeEventListener: () => undefined }) as never
Element.prototype.scrollTo ??= () => undefined

await startI18n()
afterEach(() => {
  cleanup()
  localStorage.clear()
})
