import type { Route } from '#shared/http/route.ts'
import type { GatewayDeps } from '../deps.ts'
import { openapiRoutes } from '../describe-api.ts'
import { seed000Routes } from '../dialects/seed-000.ts'
import { seed001Routes } from '../dialects/seed-001.ts'
import { seed002Routes } from '../dialects/seed-002.ts'
import { seed003Routes } from '../dialects/seed-003.ts'
import { seed003TemplateRoutes } from '../dialects/seed-003-templates.ts'
import { docsRoutes } from '../docs.ts'
import { authRoutes } from './auth.ts'
import { backlogRoutes } from './backlog.ts'
import { campaignReportRoutes } from './campaign-reports.ts'
import { campaignRoutes } from './campaigns.ts'
import { erasureRoutes } from './contact-erasure.ts'
import { importRoutes } from './contact-import.ts'
import { contactRoutes } from './contacts.ts'
import { conversationRoutes } from './conversations.ts'
import { deadLetterMoveRoutes } from './dead-letter-moves.ts'
import { deadLetterRoutes } from './dead-letters.ts'
import { jobRoutes } from './jobs.ts'
import { leadNoteRoutes } from './lead-notes.ts'
import { leadRoutes } from './leads.ts'
import { limitRoutes } from './limits.ts'
import { mediaRoutes } from './media.ts'
import { messageRoutes } from './messages.ts'
import { noteRoutes } from './notes.ts'
import { numberRoutes } from './numbers.ts'
import { scheduledRoutes } from './scheduled.ts'
import { serviceRoutes } from './service.ts'
import { settingRoutes } from './settings.ts'
import { templateRoutes } from './templates.ts'
import { userRoutes } from './users.ts'
import { webhookEventRoutes } from './webhook-events.ts'
import { webhookReplayRoutes } from './webhook-replay.ts'

/** Everything that the gateway serves: mounted by the app, described by OpenAPI. */
export const routes: Route<GatewayDeps>[] = [
  ...authRoutes,
  ...userRoutes,
  ...conversationRoutes,
  ...noteRoutes,
  ...importRoutes,
  ...contactRoutes,
  ...erasureRoutes,
  ...leadRoutes,
  ...leadNoteRoutes,
  ...scheduledRoutes,
  ...messageRoutes,
  ...mediaRoutes,
  ...templateRoutes,
  ...campaignRoutes,
  ...campaignReportRoutes,
  ...numberRoutes,
  ...webhookEventRoutes,
  ...webhookReplayRoutes,
  ...deadLetterRoutes,
  ...deadLetterMoveRoutes,
  ...jobRoutes,
  ...limitRoutes,
  ...backlogRoutes,
  ...settingRoutes,
  ...seed000Routes,
  ...seed001Routes,
  ...seed002Routes,
  ...seed003Routes,
  ...seed003TemplateRoutes,
  ...serviceRoutes,
  ...docsRoutes,
  ...openapiRoutes(() => routes),
]
