import { z } from 'zod'
import { managementAccount } from '../domain/graph-calls.ts'
import type { ClientDoc } from '../model/documents.ts'
import type { GraphResult, MetaClient } from './client.ts'
import { type WebhookAddress, WebhookConfiguration, webhookIn } from './webhook-configuration.ts'

/** Fields of a number as Meta reports them; a member is absent when Meta does not name it. */
export interface NumberFacts {
  qualityRating?: 'GREEN' | 'YELLOW' | 'RED' | 'UNKNOWN'
  /** Messages a second. */
  throughput?: number
  /** People outside the service window in 24 h; null = unlimited. */
  messagingLimit?: number | null
  verifiedName?: string
  nameStatus?: string
  /** Meta's status, such as CONNECTED, FLAGGED, RESTRICTED or BANNED. */
  metaStatus?: string
  /** Where Meta sends its webhooks. */
  webhook?: WebhookAddress
}

const FIELDS =
  'verified_name,name_status,status,quality_rating,throughput,is_on_biz_app,webhook_configuration,whatsapp_business_manager_messaging_limit'
const FIELDS_BEFORE_24 = FIELDS.replace('whatsapp_business_manager_messaging_limit', 'messaging_limit_tier')

const word = z.string().min(1).max(100).optional().catch(undefined)
const Fields = z.object({
  verified_name: z.string().max(512).optional().catch(undefined),
  name_status: word,
  status: word,
  quality_rating: z.enum(['GREEN', 'YELLOW', 'RED', 'UNKNOWN']).optional().catch(undefined),
  throughput: z.object({ level: word }).optional().catch(undefined),
  is_on_biz_app: z.boolean().optional().catch(undefined),
  whatsapp_business_manager_messaging_limit: word,
  messaging_limit_tier: word,
  webhook_configuration: WebhookConfiguration,
})

/** Requests the fields of a number with its own token. @param version of the Graph API, such as `v25.0` */
export function askNumber(meta: MetaClient, version: string, client: ClientDoc, token: string): Promise<GraphResult> {
  const fields = Number.parseInt(version.slice(1), 10) >= 24 ? FIELDS : FIELDS_BEFORE_24
  return meta.graph.get(encodeURIComponent(client.phoneNumberId), {
    token,
    account: managementAccount(client),
    query: { fields },
  })
}

export function readNumber(data: Record<string, unknown>): NumberFacts {
  const fields: Partial<z.infer<typeof Fields>> = Fields.safeParse(data).data ?? {}
  const tier = fields.whatsapp_business_manager_messaging_limit ?? fields.messaging_limit_tier
  const all: NumberFacts = {
    qualityRating: fields.quality_rating,
    throughput: rateOf(fields.throughput?.level, fields.is_on_biz_app === true),
    messagingLimit: tier === undefined ? undefined : limitOf(tier),
    verifiedName: fields.verified_name,
    nameStatus: fields.name_status,
    metaStatus: fields.status,
    webhook: webhookIn(fields.webhook_configuration) ?? undefined,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** Messages a second by throughput level; a number that is also used in the Business app has 20 at any level. */
const RATES: Record<string, number> = { STANDARD: 80, HIGH: 1000 }
const COEXISTENCE_RATE = 20

function rateOf(level: string | undefined, isOnBizApp: boolean): number | undefined {
  const rate = level === undefined ? undefined : RATES[level]
  return rate !== undefined && isOnBizApp ? COEXISTENCE_RATE : rate
}

/** Messaging limit of `TIER_250`, `TIER_2K` or `TIER_UNLIMITED` in people; null: unlimited, undefined: not a tier. */
function limitOf(tier: string): number | null | undefined {
  if (tier === 'TIER_UNLIMITED') return null
  const match = /^TIER_(\d+)(K?)$/.exec(tier)
  return match ? Number(match[1]) * (match[2] ? 1000 : 1) : undefined
}
