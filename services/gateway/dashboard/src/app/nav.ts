import type { TextId } from '../lib/i18n/text-ids.ts'
import type { Action } from '../lib/session/rights.ts'
import { InboxIcon, NumbersIcon, PeopleIcon, type TablerIcon } from '../ui/icons.tsx'

export interface NavItem {
  to: '/inbox/{-$conversationId}' | '/numbers' | '/people'
  text: TextId
  icon: TablerIcon
  /** Least action that a role must have to see the page; null: everybody. */
  action: Action | null
  /** Stands in the bar of phones; the others are behind More. */
  onPhones: boolean
  /** Second key of the shortcut `G …`. */
  key?: string
}

/** The rail, in its order. */
export const NAV: NavItem[] = [
  {
    to: '/inbox/{-$conversationId}',
    text: 'app.nav.inbox',
    icon: InboxIcon,
    action: 'conversations.read',
    onPhones: true,
    key: 'i',
  },
  { to: '/numbers', text: 'app.nav.numbers', icon: NumbersIcon, action: 'clients.read', onPhones: true, key: 'n' },
  { to: '/people', text: 'app.nav.people', icon: PeopleIcon, action: 'users.read', onPhones: true, key: 'u' },
]
