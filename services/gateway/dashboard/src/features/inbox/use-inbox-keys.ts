import { useNavigate, useSearch } from '@tanstack/react-router'
import { NOTHING_OPEN } from '../../lib/routes.ts'
import { useShortcuts } from '../../lib/shortcuts/shortcuts.ts'
import { nextOf } from './list/next-conversation.ts'
import { type InboxSearch, searchOfList, TABS } from './search.ts'

/** Keys of the inbox as a whole; those of a conversation are where it is shown. */
export function useInboxKeys(openId: string | null): void {
  const navigate = useNavigate()
  const search = searchOfList(useSearch({ from: '/shell/inbox/{-$conversationId}' }))
  const open = (conversationId: string | null) =>
    void navigate({ to: '/inbox/{-$conversationId}', params: conversationId ? { conversationId } : NOTHING_OPEN, search })
  const move = (step: 1 | -1) => {
    const next = nextOf(openId, step)
    if (next === null) return false
    open(next)
  }
  const tab = (step: 1 | -1) => {
    const next = TABS.at((TABS.indexOf(search.tab ?? 'mine') + step) % TABS.length)
    const changed: InboxSearch = { ...search, tab: next }
    void navigate({ to: '.', search: changed as never, replace: true })
  }
  useShortcuts({
    search: () => focus('#inbox-search'),
    next: () => move(1),
    previous: () => move(-1),
    nextTab: () => tab(1),
    previousTab: () => tab(-1),
    back: () => {
      // Out of the composer first, then back to the list.
      if (document.activeElement?.closest('[data-composer], #inbox-search')) return focus('#inbox-list [tabindex="0"]')
      if (openId !== null) open(null)
      else return false
    },
  })
}

function focus(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector)
  element?.focus()
  return element !== null
}
