import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'
import { startI18n } from '../lib/i18n/i18n.ts'

// What jsdom lacks of a browser.
window.matchMedia ??= () => ({ matches: false, addEventListener: () => undefined, removeEventListener: () => undefined }) as never
Element.prototype.scrollTo ??= () => undefined
Element.prototype.scrollIntoView ??= () => undefined
HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
  this.open = true
}
window.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
}

// How long a test waits for what it expects: machines differ in speed.
configure({ asyncUtilTimeout: 20_000 })

await startI18n()
afterEach(() => {
  cleanup()
  localStorage.clear()
})
