import { i18n } from '@lingui/core'
import type { AnyRoute } from '@tanstack/react-router'
import { screen, waitFor } from '@testing-library/react'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Action, can, ROLES } from '#shared/auth/policy.ts'
import { analyticsRoute } from '../features/analytics/route.ts'
import { campaignRoute, campaignsRoute, newCampaignRoute } from '../features/campaigns/route.ts'
import { contactsRoute } from '../features/contacts/route.ts'
import { inboxRoute } from '../features/inbox/route.ts'
import { numberRoute, numbersRoute } from '../features/numbers/route.ts'
import { operationsRoute } from '../features/operations/route.ts'
import { peopleRoute } from '../features/people/route.ts'
import { settingsRoute } from '../features/settings/route.ts'
import { editTemplateRoute, newTemplateRoute, templatesRoute } from '../features/templates/route.ts'
import { tenantsRoute } from '../features/tenants/route.ts'
import { openPage } from '../test/open-page.tsx'
import { pages } from './pages.ts'

interface PageStates {
  address: string
  route: AnyRoute
  /** What a role must be allowed to see it; null: everybody. */
  action: Action | null
  /** Text that says that it could not be loaded; null: it shows what needs no server. */
  failed: string | null
  /** Text that says that there is nothing yet; null: there is always something. */
  none: string | null
}

const ID = '6'.repeat(24)

const PAGES: readonly PageStates[] = [
  { address: '/inbox', route: inboxRoute, action: null, failed: 'inbox.list.failed', none: 'inbox.first.title' },
  { address: '/contacts', route: contactsRoute, action: 'contacts.read', failed: 'contacts.list.failed', none: 'contacts.none' },
  {
    ...{ address: '/campaigns', route: campaignsRoute, action: 'campaigns.read' },
    ...{ failed: 'campaigns.list.failed', none: 'campaigns.none' },
  },
  {
    ...{ address: '/campaigns/new', route: newCampaignRoute, action: 'campaigns.write' },
    ...{ failed: 'campaigns.templates.failed', none: 'campaigns.templates.none' },
  },
  {
    ...{ address: `/campaigns/${ID}`, route: campaignRoute, action: 'campaigns.read' },
    ...{ failed: 'campaigns.one.failed', none: null },
  },
  { address: '/numbers', route: numbersRoute, action: 'clients.read', failed: 'numbers.list.failed', none: 'numbers.none' },
  {
    ...{ address: `/numbers/${ID}`, route: numberRoute, action: 'clients.write' },
    ...{ failed: 'numbers.one.failed', none: null },
  },
  {
    ...{ address: '/templates', route: templatesRoute, action: 'templates.list' },
    ...{ failed: 'templates.list.failed', none: 'templates.none' },
  },
  { address: '/templates/new', route: newTemplateRoute, action: 'templates.write', failed: null, none: null },
  {
    ...{ address: `/templates/${ID}/edit`, route: editTemplateRoute, action: 'templates.write' },
    ...{ failed: 'editor.edit.failed', none: null },
  },
  // Its reports are empty in tests of their own.
  { address: '/analytics', route: analyticsRoute, action: 'analytics.read', failed: 'analytics.failed', none: null },
  operations('overview', 'operations.overview', 'operations.overview.failed', null),
  operations('events', 'webhookEvents.read', 'operations.list.failed', 'operations.events.none'),
  operations('letters', 'deadLetters.read', 'operations.list.failed', 'operations.letters.none'),
  operations('jobs', 'jobs.read', 'operations.list.failed', 'operations.jobs.none'),
  operations('audit', 'auditLog.read', 'operations.list.failed', 'operations.audit.none'),
  { address: '/people', route: peopleRoute, action: 'users.read', failed: 'people.list.failed', none: null },
  settings('account', null, 'settings.sessions.failed', null),
  settings('company', 'tenants.write', 'settings.company.failed', null),
  settings('labels', 'labels.write', 'labels.failed', 'labels.none'),
  settings('replies', 'quickReplies.writeOwn', 'replies.failed', 'replies.none'),
  settings('hours', 'clients.write', 'hours.numbers.failed', 'hours.none'),
  settings('assignment', 'tenants.write', 'settings.company.failed', null),
  settings('costs', 'tenants.write', 'settings.company.failed', null),
  settings('limits', 'limits.write', 'limits.failed', null),
  settings('keys', 'apiKeys.read', 'settings.keys.failed', 'settings.keys.none'),
  settings('events', 'subscriptions.read', 'events.failed', 'events.none'),
  { address: '/tenants', route: tenantsRoute, action: 'tenants.any', failed: 'tenants.list.failed', none: 'tenants.none' },
]

function operations(view: string, action: Action, failed: string, none: string | null): PageStates {
  return { address: `/operations?view=${view}`, route: operationsRoute, action, failed, none }
}

function settings(section: string, action: Action | null, failed: string, none: string | null): PageStates {
  return { address: `/settings?section=${section}`, route: settingsRoute, action, failed, none }
}

/** What every list of the API answers where there is nothing. */
const NOTHING = { data: [], total: 0, totalIsExact: true, page: 1, limit: 50, hasMore: false, nextCursor: null }
/** Not tried again by itself, so that a test does not wait. */
const BROKEN = { errorCode: 'BROKEN', detail: 'It is broken.', requestId: 'request-7' }

/** Opens a page before a server of which every answer is the same. @returns the paths that were asked for */
async function open({ route, address }: PageStates, role: (typeof ROLES)[number], answer: () => Promise<Response>) {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(new URL(url, 'http://linko').pathname.replace('/api/v1', ''))
    return await answer()
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  return { asked, ...(await openPage(route, address, { role })) }
}

const pending = () => new Promise<Response>(() => undefined)
const empty = async () => Response.json(NOTHING)
const broken = async () => Response.json(BROKEN, { status: 422 })
const NO_RIGHT = 'Your role does not include this'

test('every page is here', () => {
  const tested = new Set(PAGES.map(({ route }) => route))
  expect(pages.filter(page => !tested.has(page)).map(({ id }) => id)).toEqual([])
})

describe.for(ROLES)('as %s', role => {
  const seen = PAGES.filter(({ action }) => action === null || can(role, action))
  const hidden = PAGES.filter(page => !seen.includes(page))

  test.for(seen.filter(({ failed }) => failed !== null))('$address shows that it is loading', async page => {
    const { container } = await open(page, role, pending)
    await waitFor(() => expect(container.querySelector('.pulsing, [aria-busy=true]')).not.toBeNull())
    expect(screen.queryByRole('alert')).toBeNull()
    expect(screen.queryByText(NO_RIGHT)).toBeNull()
  })

  test.for(seen.filter(({ failed }) => failed !== null))('$address says that it could not be loaded', async page => {
    const { container } = await open(page, role, broken)
    await waitFor(() =>
      expect(screen.getAllByRole('alert').map(({ textContent }) => textContent)).toContainEqual(
        expect.stringContaining(i18n._(page.failed as string)),
      ),
    )
    expect(container.textContent).toContain(BROKEN.requestId)
    expect(screen.getAllByRole('button', { name: 'Try again' }).length).toBeGreaterThan(0)
  })

  test.for(seen.filter(({ none }) => none !== null))('$address says that there is nothing yet', async page => {
    const { container } = await open(page, role, empty)
    await waitFor(() => expect(container.textContent).toContain(i18n._(page.none as string)))
    expect(screen.queryByRole('alert')).toBeNull()
    expect(container.querySelector('main .pulsing')).toBeNull()
  })

  test.runIf(hidden.length > 0).for(hidden)('$address is not for this role, and asks the server for nothing', async page => {
    const { asked } = await open(page, role, empty)
    await screen.findByText(NO_RIGHT)
    expect(asked).toEqual([])
  })
})
