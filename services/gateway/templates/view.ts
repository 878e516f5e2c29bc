import { z } from 'zod'
import { nextEditAt, submissionOf } from '#shared/domain/templates/change.ts'
import { shownName } from '#shared/domain/templates/slots.ts'
import { TEMPLATE_CATEGORIES, TEMPLATE_STATES } from '#shared/domain/templates/status.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'

/** Template in the API. `submission` is whether WhatsApp has it, `status` is its review status. */
export const TemplateView = z.object({
  id: z.string(),
  wabaId: z.string(),
  name: z.string(),
  language: z.string(),
  category: z.enum(TEMPLATE_CATEGORIES),
  status: z.enum(TEMPLATE_STATES),
  reason: z.string().nullable(),
  components: z.array(z.record(z.string(), z.unknown())),
  parameterFormat: z.enum(['POSITIONAL', 'NAMED']),
  variables: z.array(
    z.object({
      name: z.string(),
      position: z.number().int(),
      description: z.string().nullable(),
      example: z.string().nullable(),
      component: z.string(),
    }),
  ),
  metaTemplateId: z.string().nullable(),
  /** Seconds for which WhatsApp tries to deliver a message of it, -1 for 30 days; null: WhatsApp's default, or not known. */
  messageSendTtlSeconds: z.number().int().nullable(),
  /** Ceiling at Meta for 1,000 deliveries, in minor units; `currency` null: the account's. Null: none. */
  maxPrice: z.object({ amount: z.number(), currency: z.string().nullable() }).nullable(),
  /** REGISTERED: known only to Linko. UNKNOWN: submitted, but Meta did not confirm it; the next sync settles it. */
  submission: z.enum(['SUBMITTED', 'UNKNOWN', 'UNSUBMITTED', 'REGISTERED']),
  /** Reason why the template is not submitted. */
  submissionDetail: z.string().nullable(),
  quality: z.string(),
  /** Change of category announced by WhatsApp. */
  categoryChange: z.object({ to: z.string(), at: z.iso.datetime() }).nullable(),
  /** Time from which WhatsApp takes another edit of an approved template; null: any time. */
  nextEditAt: z.iso.datetime().nullable(),
  usageCount: z.number().int(),
  lastUsedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})

/** API view of a template row. */
export function templateView(doc: TemplateDoc): z.infer<typeof TemplateView> {
  return {
    id: String(doc._id),
    wabaId: doc.wabaId,
    name: doc.name,
    language: doc.language,
    category: doc.category,
    status: doc.status,
    reason: doc.reason ?? null,
    components: doc.components,
    parameterFormat: doc.parameterFormat ?? 'POSITIONAL',
    variables: doc.variables.map(({ name, position, description, example, component }) => ({
      name: shownName({ name, component }),
      position,
      description,
      example,
      component,
    })),
    metaTemplateId: doc.metaTemplateId ?? null,
    messageSendTtlSeconds: doc.messageSendTtlSeconds ?? null,
    maxPrice: doc.maxPrice ? { amount: doc.maxPrice.amount, currency: doc.maxPrice.currency } : null,
    submission: submissionOf({ ...doc, metaTemplateId: doc.metaTemplateId ?? null }),
    submissionDetail: (!doc.metaTemplateId && doc.submission?.detail) || null,
    quality: doc.quality,
    categoryChange: doc.categoryChange ? { to: doc.categoryChange.to, at: doc.categoryChange.at.toISOString() } : null,
    nextEditAt: (doc.status === 'APPROVED' && nextEditAt(doc.edits ?? [])?.toISOString()) || null,
    usageCount: doc.usageCount,
    lastUsedAt: doc.lastUsedAt?.toISOString() ?? null,
    createdAt: doc.createdAt.toISOString(),
    updatedAt: doc.updatedAt.toISOString(),
  }
}
