import { useEffect, useRef } from 'react'
import { createKeybindingsHandler } from 'tinykeys'
import { usePreferences } from '../preferences.ts'
import { BINDINGS, type Binding, type ShortcutId } from './bindings.ts'

/** What keys do now. False: it did not apply, and the one below is asked. */
export type Handlers = Partial<Record<ShortcutId, () => unknown>>

/** The last one that was mounted comes first: a drawer over a page. */
const layers: { current: Handlers }[] = []

/** Says what keys do while the component is there. */
export function useShortcuts(handlers: Handlers): void {
  const layer = useRef(handlers)
  layer.current = handlers
  useEffect(() => {
    layers.unshift(layer)
    return () => {
      layers.splice(layers.indexOf(layer), 1)
    }
  }, [])
}

/** Whether a key does anything on this page. */
export const isBound = (id: ShortcutId): boolean => layers.some(({ current }) => current[id] !== undefined)

/** Does what a shortcut means now; @returns whether it means anything */
export function runShortcut(id: ShortcutId): boolean {
  for (const { current } of layers) {
    const run = current[id]
    if (run !== undefined && run() !== false) return true
  }
  return false
}

/** Listens to the keyboard, for all pages. @returns what ends it */
export function listenToKeys(): () => void {
  const handlers = BINDINGS.flatMap(binding =>
    binding.keys.map(keys => [keys, (event: KeyboardEvent) => press(binding, event)] as const),
  )
  const handle = createKeybindingsHandler(Object.fromEntries(handlers), { ignore: () => false })
  const listener = (event: KeyboardEvent) => handle(latinised(event))
  window.addEventListener('keydown', listener)
  return () => window.removeEventListener('keydown', listener)
}

function press(binding: Binding, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.repeat || event.isComposing) return
  if (binding.isSingle && !usePreferences.getState().singleKeys) return
  const target = event.target instanceof HTMLElement ? event.target : null
  if (target?.closest('dialog[open], [role=dialog], [role=menu]') && binding.id !== 'palette') return
  // In a field letters are letters; a key with Alt, F6 and Esc mean the same everywhere.
  const isTyping =
    target?.matches('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]') ?? false
  if (isTyping && binding.isSingle && !event.altKey) return
  if (runShortcut(binding.id)) event.preventDefault()
}

/**
 * On a keyboard with other letters (Arabic, Cyrillic) a key counts by its place. Where letters are Latin, their own place counts: on a
 * French keyboard A is where others have Q.
 */
function latinised(event: KeyboardEvent): KeyboardEvent {
  const isForeign = event.key.length === 1 && event.key > '\u024f' && /^Key[A-Z]$/.test(event.code)
  if (!isForeign) return event
  const key = event.code.slice(3).toLowerCase()
  return new Proxy(event, {
    get(target, name) {
      if (name === 'key') return key
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
