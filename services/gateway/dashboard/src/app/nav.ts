import type { TextId } from '../lib/i18n/text-ids.ts'
import type { Action } from '../lib/session/rights.ts'
import type { ShortcutId } from '../lib/shortcuts/bindings.ts'
import { CampaignsIcon, ContactsIcon, InboxIcon, NumbersIcon, PeopleIcon, type TablerIcon, TemplatesIcon } from '../ui/icons.tsx'

export interface NavItem {
  to: '/inbox/{-$conversationId}' | '/contacts' | '/numbers' | '/templates' | '/campaigns' | '/people'
  text: TextId
  icon: TablerIcon
  /** Least action that a role must have to see the page; null: everybody. */
  action: Action | null
  /** Stands in the bar of phones; the others are behind More. */
  onPhones: boolean
  /** The shortcut that leads there: G and a letter. */
  shortcut?: ShortcutId
}

/** The rail, in its order. */
export const NAV: NavItem[] = [
  {
    to: '/inbox/{-$conversationId}',
    text: 'app.nav.inbox',
    icon: InboxIcon,
    action: 'conversations.read',
    onPhones: true,
    shortcut: 'goInbox',
  },
  {
    to: '/contacts',
    text: 'app.nav.contacts',
    icon: ContactsIcon,
    action: 'contacts.read',
    onPhones: true,
    shortcut: 'goContacts',
  },
  { to: '/numbers', text: 'app.nav.numbers', icon: NumbersIcon, action: 'clients.read', onPhones: true, shortcut: 'goNumbers' },
  {
    to: '/templates',
    text: 'app.nav.templates',
    icon: TemplatesIcon,
    action: 'templates.list',
    onPhones: true,
    shortcut: 'goTemplates',
  },
  {
    to: '/campaigns',
    text: 'app.nav.campaigns',
    icon: CampaignsIcon,
    action: 'campaigns.read',
    onPhones: false,
    shortcut: 'goCampaigns',
  },
  { to: '/people', text: 'app.nav.people', icon: PeopleIcon, action: 'users.read', onPhones: true, shortcut: 'goPeople' },
]
