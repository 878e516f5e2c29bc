import type { TextId } from '../lib/i18n/text-ids.ts'
import { type Action, useRights } from '../lib/session/rights.ts'
import type { ShortcutId } from '../lib/shortcuts/bindings.ts'
import {
  AnalyticsIcon,
  CampaignsIcon,
  ContactsIcon,
  InboxIcon,
  NumbersIcon,
  OperationsIcon,
  PeopleIcon,
  SettingsIcon,
  type TablerIcon,
  TemplatesIcon,
  TenantsIcon,
} from '../ui/icons.tsx'

export interface NavItem {
  to:
    | '/inbox/{-$conversationId}'
    | '/contacts'
    | '/numbers'
    | '/templates'
    | '/campaigns'
    | '/analytics'
    | '/operations'
    | '/people'
    | '/settings'
    | '/tenants'
  text: TextId
  icon: TablerIcon
  /** Least action that a role must have to see the page; null: everybody. */
  action: Action | null
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
    shortcut: 'goInbox',
  },
  {
    to: '/contacts',
    text: 'app.nav.contacts',
    icon: ContactsIcon,
    action: 'contacts.read',
    shortcut: 'goContacts',
  },
  { to: '/numbers', text: 'app.nav.numbers', icon: NumbersIcon, action: 'clients.read', shortcut: 'goNumbers' },
  {
    to: '/templates',
    text: 'app.nav.templates',
    icon: TemplatesIcon,
    action: 'templates.list',
    shortcut: 'goTemplates',
  },
  {
    to: '/campaigns',
    text: 'app.nav.campaigns',
    icon: CampaignsIcon,
    action: 'campaigns.read',
    shortcut: 'goCampaigns',
  },
  {
    to: '/analytics',
    text: 'app.nav.analytics',
    icon: AnalyticsIcon,
    action: 'analytics.read',
    shortcut: 'goAnalytics',
  },
  {
    to: '/operations',
    text: 'app.nav.operations',
    icon: OperationsIcon,
    action: 'operations.overview',
    shortcut: 'goOperations',
  },
  { to: '/people', text: 'app.nav.people', icon: PeopleIcon, action: 'users.read', shortcut: 'goPeople' },
  { to: '/settings', text: 'app.nav.settings', icon: SettingsIcon, action: null },
  { to: '/tenants', text: 'app.nav.tenants', icon: TenantsIcon, action: 'tenants.any' },
]

/** Which pages stand in the bar of phones first; the bar has room for four, and More beside them. */
const FIRST_ON_PHONES = ['/inbox/{-$conversationId}', '/campaigns', '/numbers', '/operations', '/contacts', '/templates']
const IN_BAR = 4

/** The pages that a role sees on a phone: in the bar, in their order, and behind More. */
export function phoneBar(allowed: readonly NavItem[]): { bar: NavItem[]; more: NavItem[] } {
  const rank = ({ to }: NavItem) => (FIRST_ON_PHONES.includes(to) ? FIRST_ON_PHONES.indexOf(to) : FIRST_ON_PHONES.length)
  const first = new Set(allowed.toSorted((a, b) => rank(a) - rank(b)).slice(0, IN_BAR))
  return { bar: allowed.filter(item => first.has(item)), more: allowed.filter(item => !first.has(item)) }
}

/** The pages of the rail that the role of the signed-in person may see, in their order. */
export function useNav(): NavItem[] {
  const may = useRights()
  return NAV.filter(({ action }) => may(action))
}
