import { analyticsRoute } from '../features/analytics/route.ts'
import { campaignRoute, campaignsRoute, newCampaignRoute } from '../features/campaigns/route.ts'
import { contactsRoute } from '../features/contacts/route.ts'
import { inboxRoute } from '../features/inbox/route.ts'
import { numberRoute, numbersRoute } from '../features/numbers/route.ts'
import { operationsRoute } from '../features/operations/route.ts'
import { peopleRoute } from '../features/people/route.ts'
import { settingsRoute } from '../features/settings/route.ts'
import { loginRoute, signInRoute } from '../features/sign-in/route.ts'
import { editTemplateRoute, newTemplateRoute, templatesRoute } from '../features/templates/route.ts'
import { tenantsRoute } from '../features/tenants/route.ts'
import { welcomeRoute } from '../features/welcome/route.ts'

/** Pages for everybody. */
export const publicPages = [signInRoute, loginRoute, welcomeRoute] as const

/** Pages of signed-in people: a page's folder exports its route, and has its line here and in `nav.ts`. */
export const pages = [
  inboxRoute,
  contactsRoute,
  campaignsRoute,
  newCampaignRoute,
  campaignRoute,
  numbersRoute,
  numberRoute,
  templatesRoute,
  newTemplateRoute,
  editTemplateRoute,
  analyticsRoute,
  operationsRoute,
  peopleRoute,
  settingsRoute,
  tenantsRoute,
] as const
