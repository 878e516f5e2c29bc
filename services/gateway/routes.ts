import type { Route } from '#shared/http/route.ts'
import { authRoutes } from './accounts/auth-routes.ts'
import { settingRoutes } from './accounts/setting-routes.ts'
import { userRoutes } from './accounts/user-routes.ts'
import { analyticsRoutes } from './analytics/routes.ts'
import { apiKeyRoutes } from './api-keys/routes.ts'
import { campaignReportRoutes } from './campaigns/report-routes.ts'
import { campaignRoutes } from './campaigns/routes.ts'
import { contactConversationRoutes } from './contacts/conversation-routes.ts'
import { erasureRoutes } from './contacts/erasure-routes.ts'
import { exportRoutes } from './contacts/export-routes.ts'
import { importRoutes } from './contacts/import-routes.ts'
import { leadNoteRoutes } from './contacts/lead-note-routes.ts'
import { leadRoutes } from './contacts/lead-routes.ts'
import { contactRoutes } from './contacts/routes.ts'
import { changeConversationRoutes } from './conversations/change-routes.ts'
import { threadOwnerRoutes } from './conversations/control-routes.ts'
import { noteRoutes } from './conversations/note-routes.ts'
import { conversationRoutes } from './conversations/routes.ts'
import type { GatewayDeps } from './deps.ts'
import { crmRoutes } from './dialects/crm.ts'
import { crmTemplateRoutes } from './dialects/crm-templates.ts'
import { linkoJobClientRoutes } from './dialects/linkojob-clients.ts'
import { linkoJobGatewayRoutes } from './dialects/linkojob-gateway.ts'
import { linkoJobMessageRoutes } from './dialects/linkojob-messages.ts'
import { linkoJobTemplateRoutes } from './dialects/linkojob-templates.ts'
import { openapiRoutes } from './docs/openapi-routes.ts'
import { docsRoutes } from './docs/routes.ts'
import { evidenceRoutes } from './evidence/routes.ts'
import { traceRoutes } from './evidence/trace-routes.ts'
import { labelRoutes } from './inbox/label-routes.ts'
import { quickReplyRoutes } from './inbox/quick-reply-routes.ts'
import { savedViewRoutes } from './inbox/saved-view-routes.ts'
import { backlogRoutes } from './limits/backlog-routes.ts'
import { limitRoutes } from './limits/routes.ts'
import { spendRoutes } from './limits/spend-routes.ts'
import { mediaRoutes } from './messages/media-routes.ts'
import { messageRoutes } from './messages/routes.ts'
import { scheduledRoutes } from './messages/scheduled-routes.ts'
import { automaticAnswerRoutes } from './numbers/automatic-answer-routes.ts'
import { businessProfileRoutes } from './numbers/business-profile-routes.ts'
import { iceBreakerRoutes } from './numbers/ice-breaker-routes.ts'
import { numberRoutes } from './numbers/routes.ts'
import { shortLinkRoutes } from './numbers/short-link-routes.ts'
import { usernameRoutes } from './numbers/username-routes.ts'
import { oidcRoutes } from './oidc/routes.ts'
import { numberConnectionRoutes } from './onboarding/number-routes.ts'
import { onboardingRoutes } from './onboarding/routes.ts'
import { auditLogRoutes } from './operations/audit-log-routes.ts'
import { deadLetterActionRoutes } from './operations/dead-letter-action-routes.ts'
import { deadLetterRoutes } from './operations/dead-letter-routes.ts'
import { webhookEventRoutes } from './operations/event-routes.ts'
import { jobRoutes } from './operations/job-routes.ts'
import { overviewRoutes } from './operations/overview-routes.ts'
import { webhookReplayRoutes } from './operations/replay-routes.ts'
import { dashboardRoutes } from './pages/dashboard-routes.ts'
import { linkRoutes } from './people/link-routes.ts'
import { pushRoutes } from './people/push-routes.ts'
import { peopleRoutes } from './people/routes.ts'
import { sessionRoutes } from './people/session-routes.ts'
import { secondFactorRoutes } from './second-factor/routes.ts'
import { serviceRoutes } from './service-routes.ts'
import { deliveryRoutes } from './subscriptions/delivery-routes.ts'
import { subscriptionRoutes } from './subscriptions/routes.ts'
import { priceRoutes } from './templates/price-routes.ts'
import { templateRoutes } from './templates/routes.ts'
import { tenantRoutes } from './tenants/routes.ts'

/** All routes of the gateway, mounted by the app and described by OpenAPI. */
export const routes: Route<GatewayDeps>[] = [
  ...authRoutes,
  ...oidcRoutes,
  ...linkRoutes,
  ...userRoutes,
  ...peopleRoutes,
  ...sessionRoutes,
  ...pushRoutes,
  ...secondFactorRoutes,
  ...apiKeyRoutes,
  ...subscriptionRoutes,
  ...deliveryRoutes,
  ...tenantRoutes,
  ...conversationRoutes,
  ...changeConversationRoutes,
  ...threadOwnerRoutes,
  ...noteRoutes,
  ...labelRoutes,
  ...quickReplyRoutes,
  ...savedViewRoutes,
  ...importRoutes,
  ...contactRoutes,
  ...contactConversationRoutes,
  ...erasureRoutes,
  ...exportRoutes,
  ...leadRoutes,
  ...leadNoteRoutes,
  ...scheduledRoutes,
  ...messageRoutes,
  ...traceRoutes,
  ...evidenceRoutes,
  ...mediaRoutes,
  ...priceRoutes,
  ...templateRoutes,
  ...campaignRoutes,
  ...campaignReportRoutes,
  ...linkoJobClientRoutes,
  ...onboardingRoutes,
  ...numberConnectionRoutes,
  ...numberRoutes,
  ...automaticAnswerRoutes,
  ...businessProfileRoutes,
  ...usernameRoutes,
  ...shortLinkRoutes,
  ...iceBreakerRoutes,
  ...webhookEventRoutes,
  ...webhookReplayRoutes,
  ...deadLetterRoutes,
  ...deadLetterActionRoutes,
  ...jobRoutes,
  ...auditLogRoutes,
  ...overviewRoutes,
  ...analyticsRoutes,
  ...limitRoutes,
  ...spendRoutes,
  ...backlogRoutes,
  ...settingRoutes,
  ...linkoJobTemplateRoutes,
  ...linkoJobMessageRoutes,
  ...linkoJobGatewayRoutes,
  ...crmRoutes,
  ...crmTemplateRoutes,
  ...serviceRoutes,
  ...dashboardRoutes,
  ...docsRoutes,
  ...openapiRoutes(() => routes),
]
