import { isDeepStrictEqual } from 'node:util'
import type { MaxPrice } from '../../domain/messages/marketing-messages.ts'
import { languageCode } from '../../domain/templates/languages.ts'
import { isDeletedStatus, isTemplateCategory, templateStateOf } from '../../domain/templates/status.ts'
import { variablesOf } from '../../domain/templates/variables.ts'
import { isObject, type Json, listOf, text } from '../../meta/json.ts'
import type { TemplateDoc } from '../../model/documents.ts'
import { isNewer, withEventTimes } from '../number-effects.ts'

/** Template as read from Meta's list. */
export interface ListedTemplate {
  id: string
  name: string
  language: string
  category: TemplateDoc['category']
  status: TemplateDoc['status']
  /** Meta's own status, more detailed than our five states. */
  metaStatus: string
  reason: string | null
  components: Json[]
  quality: TemplateDoc['quality']
  /** Null: Meta did not say. */
  messageSendTtlSeconds: number | null
  /** Null: none, or Meta does not tell it. */
  maxPrice: MaxPrice | null
}

type Fields = Partial<TemplateDoc>
const QUALITIES = ['GREEN', 'YELLOW', 'RED', 'UNKNOWN']

/** Reads a template of Meta's list; null for one with missing fields or an unknown status, which is left unchanged. */
export function listedTemplate(value: unknown): ListedTemplate | null {
  if (!isObject(value)) return null
  const [id, name, language, category, metaStatus] = ['id', 'name', 'language', 'category', 'status'].map(field =>
    text(value[field]),
  )
  const status = templateStateOf(metaStatus ?? null)
  if (!id || !name || !language || !metaStatus || status === null || !isTemplateCategory(category)) return null
  const score = isObject(value.quality_score) ? text(value.quality_score.score) : null
  const reason = text(value.rejected_reason)
  return {
    id,
    name,
    language: languageCode(language),
    category: category as TemplateDoc['category'],
    status,
    metaStatus,
    reason: status === 'APPROVED' || status === 'PENDING' ? null : reason === 'NONE' || reason === null ? metaStatus : reason,
    components: listOf(value.components).filter(isObject),
    quality: (QUALITIES.includes(score ?? '') ? score : 'UNKNOWN') as TemplateDoc['quality'],
    messageSendTtlSeconds: Number.isInteger(value.message_send_ttl_seconds) ? Number(value.message_send_ttl_seconds) : null,
    maxPrice: maxPriceIn(value),
  }
}

/** `bid_amount`, by itself or in `optimization_spec`, as a number or a text; Meta does not document the shape in full. */
function maxPriceIn(value: Json): MaxPrice | null {
  const spec = isObject(value.optimization_spec) ? value.optimization_spec : value
  const amount = typeof spec.bid_amount === 'string' && spec.bid_amount.trim() !== '' ? Number(spec.bid_amount) : spec.bid_amount
  const isAmount = typeof amount === 'number' && Number.isFinite(amount) && amount > 0
  return isAmount ? { amount, currency: text(spec.currency) } : null
}

/** Fields of a template that is not stored yet; null for one that is deleted or being deleted at Meta. */
export function newTemplate(listed: ListedTemplate, askedAt: Date): Fields | null {
  if (isDeletedStatus(listed.metaStatus)) return null
  const { name, language, category, status, reason, components, quality, messageSendTtlSeconds, maxPrice } = listed
  const lastEventAt = Object.fromEntries(TOPICS.map(topic => [topic, askedAt]))
  return {
    name,
    language,
    category,
    status,
    reason,
    components,
    ...variablesOf(components, []),
    quality,
    messageSendTtlSeconds,
    maxPrice,
    metaTemplateId: listed.id,
    lastEventAt,
  }
}

const TOPICS = ['status', 'quality', 'category', 'components'] as const

/**
 * Changes of a stored template by Meta's list; null for none. A topic that a webhook updated after `askedAt` is kept. Another
 * Meta id means another template of the same name. A template that people disabled stays disabled.
 */
export function mergeTemplate(doc: TemplateDoc, listed: ListedTemplate, askedAt: Date): Fields | null {
  const isAnother = Boolean(doc.metaTemplateId) && doc.metaTemplateId !== listed.id
  const base = isAnother ? { ...doc, lastEventAt: {}, disabledAt: null } : doc
  const reported: Record<(typeof TOPICS)[number], Fields> = {
    status: base.disabledAt ? {} : { status: listed.status, reason: reasonOf(base, listed) },
    quality: { quality: listed.quality },
    category: { category: listed.category, ...(base.categoryChange?.to === listed.category && { categoryChange: null }) },
    components: { ...contentOf(base, listed), ...timeToLiveOf(listed), maxPrice: listed.maxPrice },
  }
  const topics = TOPICS.filter(topic => isNewer(base, topic, askedAt) && differs(base, reported[topic]))
  const link: Fields = {
    ...(doc.metaTemplateId !== listed.id && { metaTemplateId: listed.id }),
    ...(doc.submission && { submission: null }),
    ...(isAnother && { disabledAt: null, edits: [], messageSendTtlSeconds: null }),
  }
  if (topics.length === 0 && Object.keys(link).length === 0) return null
  return {
    ...link,
    ...Object.assign({}, ...topics.map(topic => reported[topic])),
    lastEventAt: withEventTimes(base, topics, askedAt),
  }
}

/** Reason of the status. A webhook gives a more detailed one than the list, so it is kept while the status is the same. */
const reasonOf = (doc: TemplateDoc, { status, reason }: ListedTemplate) => (doc.status === status && doc.reason) || reason

/** Changed content. The list may leave components out, as it does for some of Meta's own templates. */
function contentOf(doc: TemplateDoc, { components }: ListedTemplate): Fields {
  if (components.length === 0 || isDeepStrictEqual(plain(components), plain(doc.components))) return {}
  return { components, ...variablesOf(components, doc.variables) }
}

/** It is edited together with the content, and no webhook reports it. */
const timeToLiveOf = ({ messageSendTtlSeconds }: ListedTemplate): Fields =>
  messageSendTtlSeconds === null ? {} : { messageSendTtlSeconds }

const differs = (doc: TemplateDoc, fields: Fields) =>
  Object.entries(fields).some(([name, value]) => !isDeepStrictEqual(plain(value), plain(doc[name as keyof TemplateDoc])))

/** Plain JSON value, to compare documents without their classes and undefined members. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))
