import { createRoute } from '@tanstack/react-router'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { lazyPage, shellRoute } from '../../lib/routes.ts'
import { readCampaignSearch, readCampaignsSearch } from './search.ts'

const loader = () => loadTexts('features/campaigns')

/** All campaigns, newest first. */
export const campaignsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/campaigns',
  validateSearch: readCampaignsSearch,
  loader,
  component: lazyPage(() => import('./page.tsx')),
})

/** The first step of a new campaign: what is sent, from which number. The draft exists from the second step on. */
export const newCampaignRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/campaigns/new',
  loader,
  component: lazyPage(() => import('./new/new-page.tsx')),
})

/** One campaign: a draft's next steps, or how a started one goes. */
export const campaignRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/campaigns/$campaignId',
  validateSearch: readCampaignSearch,
  loader,
  component: lazyPage(() => import('./one-page.tsx')),
})
