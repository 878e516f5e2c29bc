import type { Connection, Model, mongo, Schema } from 'mongoose'
import type {
  AccountLinkDoc,
  AnalyticsCellDoc,
  AnalyticsStateDoc,
  ApiKeyDoc,
  AuditLogDoc,
  CampaignDoc,
  ClientDoc,
  ClosingDoc,
  ConnectionDoc,
  ContactDoc,
  ConversationDoc,
  CountedMessageDoc,
  CounterDoc,
  DeadLetterDoc,
  DiscardedFileDoc,
  ErasureDoc,
  EventDeliveryDoc,
  EventDoc,
  EventSubscriptionDoc,
  IdempotencyKeyDoc,
  LabelDoc,
  LeadDoc,
  LeaseDoc,
  MediaFileDoc,
  MediaUploadDoc,
  MessageDoc,
  NoteDoc,
  ParkedItemDoc,
  PipelineDoc,
  PushSubscriptionDoc,
  QuickReplyDoc,
  RecipientDoc,
  RefreshTokenDoc,
  SavedViewDoc,
  ServiceReportDoc,
  TemplateDoc,
  TemplateSyncDoc,
  TenantDoc,
  UserDoc,
  WebhookEventDoc,
} from '../model/documents.ts'
import {
  accountLinkSchema,
  apiKeySchema,
  pushSubscriptionSchema,
  refreshTokenSchema,
  tenantSchema,
  userSchema,
} from './schemas/accounts.ts'
import { analyticsCellSchema, analyticsStateSchema, closingSchema, countedMessageSchema } from './schemas/analytics.ts'
import { campaignSchema, recipientSchema } from './schemas/campaigns.ts'
import { connectionSchema } from './schemas/connections.ts'
import { conversationSchema, messageSchema } from './schemas/inbox.ts'
import { labelSchema, quickReplySchema, savedViewSchema } from './schemas/inbox-aids.ts'
import { discardedFileSchema, mediaFileSchema, mediaUploadSchema } from './schemas/media.ts'
import { clientSchema, templateSchema } from './schemas/numbers.ts'
import {
  auditLogSchema,
  counterSchema,
  deadLetterSchema,
  eventSchema,
  idempotencyKeySchema,
  leaseSchema,
  parkedItemSchema,
  serviceReportSchema,
  templateSyncSchema,
  webhookEventSchema,
} from './schemas/operations.ts'
import { contactSchema, erasureSchema, leadSchema, noteSchema, pipelineSchema } from './schemas/people.ts'
import { eventDeliverySchema, eventSubscriptionSchema } from './schemas/subscriptions.ts'
import { tenancy } from './tenancy/tenancy.ts'

/** The document type of every collection, by its name. */
export interface Documents {
  tenants: TenantDoc
  users: UserDoc
  refreshTokens: RefreshTokenDoc
  pushSubscriptions: PushSubscriptionDoc
  accountLinks: AccountLinkDoc
  apiKeys: ApiKeyDoc
  clients: ClientDoc
  connections: ConnectionDoc
  contacts: ContactDoc
  erasures: ErasureDoc
  pipelines: PipelineDoc
  leads: LeadDoc
  notes: NoteDoc
  conversations: ConversationDoc
  messages: MessageDoc
  labels: LabelDoc
  quickReplies: QuickReplyDoc
  savedViews: SavedViewDoc
  mediaFiles: MediaFileDoc
  mediaUploads: MediaUploadDoc
  discardedFiles: DiscardedFileDoc
  templates: TemplateDoc
  templateSyncs: TemplateSyncDoc
  campaigns: CampaignDoc
  campaignRecipients: RecipientDoc
  webhookEvents: WebhookEventDoc
  parkedItems: ParkedItemDoc
  events: EventDoc
  eventSubscriptions: EventSubscriptionDoc
  eventDeliveries: EventDeliveryDoc
  deadLetters: DeadLetterDoc
  idempotencyKeys: IdempotencyKeyDoc
  auditLog: AuditLogDoc
  closings: ClosingDoc
  countedMessages: CountedMessageDoc
  analyticsCells: AnalyticsCellDoc
  analyticsStates: AnalyticsStateDoc
  leases: LeaseDoc
  counters: CounterDoc
  serviceReports: ServiceReportDoc
}

export type CollectionName = keyof Documents
export type Models = { [Name in CollectionName]: Model<Documents[Name]> }
export type RawCollections = { [Name in CollectionName]: mongo.Collection<Documents[Name]> }

/** Collections of the platform: their documents have no `tenantId`. */
const PLATFORM = {
  tenants: tenantSchema,
  parkedItems: parkedItemSchema,
  leases: leaseSchema,
  counters: counterSchema,
  serviceReports: serviceReportSchema,
}

const TENANTS_OWN = {
  users: userSchema,
  refreshTokens: refreshTokenSchema,
  pushSubscriptions: pushSubscriptionSchema,
  accountLinks: accountLinkSchema,
  apiKeys: apiKeySchema,
  clients: clientSchema,
  connections: connectionSchema,
  contacts: contactSchema,
  erasures: erasureSchema,
  pipelines: pipelineSchema,
  leads: leadSchema,
  notes: noteSchema,
  conversations: conversationSchema,
  messages: messageSchema,
  labels: labelSchema,
  quickReplies: quickReplySchema,
  savedViews: savedViewSchema,
  mediaFiles: mediaFileSchema,
  mediaUploads: mediaUploadSchema,
  discardedFiles: discardedFileSchema,
  templates: templateSchema,
  templateSyncs: templateSyncSchema,
  campaigns: campaignSchema,
  campaignRecipients: recipientSchema,
  webhookEvents: webhookEventSchema,
  events: eventSchema,
  eventSubscriptions: eventSubscriptionSchema,
  eventDeliveries: eventDeliverySchema,
  deadLetters: deadLetterSchema,
  idempotencyKeys: idempotencyKeySchema,
  auditLog: auditLogSchema,
  closings: closingSchema,
  countedMessages: countedMessageSchema,
  analyticsCells: analyticsCellSchema,
  analyticsStates: analyticsStateSchema,
}

for (const schema of Object.values(TENANTS_OWN)) tenancy(schema)

// biome-ignore lint/suspicious/noExplicitAny: schemas of different documents in one list
const SCHEMAS: Record<CollectionName, Schema<any>> = { ...PLATFORM, ...TENANTS_OWN }

export const COLLECTIONS = Object.keys(SCHEMAS) as CollectionName[]
export const TENANT_COLLECTIONS = Object.keys(TENANTS_OWN) as CollectionName[]

export function createModels(connection: Connection): Models {
  const entries = COLLECTIONS.map(name => [name, connection.model(name, SCHEMAS[name], name)])
  return Object.fromEntries(entries) as Models
}

export function rawCollections(db: mongo.Db): RawCollections {
  return Object.fromEntries(COLLECTIONS.map(name => [name, db.collection(name)])) as unknown as RawCollections
}
