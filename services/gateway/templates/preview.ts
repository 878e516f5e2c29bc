import { z } from 'zod'
import { HeaderMediaObject, TemplateVariables } from '#shared/contracts/outbound.ts'
import { CostView, MetaCostView } from '#shared/contracts/views.ts'
import { pricesOf } from '#shared/domain/prices/cost.ts'
import { fillTemplate, hydrate } from '#shared/domain/templates/fill.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import { getTemplate } from '#shared/store/templates/templates.ts'
import type { GatewayDeps } from '../deps.ts'
import { wrongVariables } from '../messages/drafts.ts'
import { headerFile } from '../messages/own-media.ts'
import { visibleDestination } from '../messages/recipient.ts'

export const PreviewInput = z.strictObject({
  variables: TemplateVariables.default({}),
  headerMedia: HeaderMediaObject.optional(),
  to: z.string().min(1).max(80).optional().describe('Recipient for whom the cost of a send is computed'),
})
type PreviewInput = z.infer<typeof PreviewInput>

/** Preview of a template. `cost` and `metaCost` are null unless `to` is given. */
export const PreviewView = z.object({
  templateId: z.string(),
  name: z.string(),
  language: z.string(),
  status: z.string(),
  header: z.string().nullable(),
  /** Null for templates whose text WhatsApp supplies, such as authentication codes. */
  text: z.string().nullable(),
  footer: z.string().nullable(),
  buttons: z.array(z.object({ type: z.string(), text: z.string().nullable() })),
  variables: z.record(z.string(), z.string()),
  /** Components as a send passes them to Meta. */
  components: z.array(z.record(z.string(), z.unknown())),
  cost: CostView.nullable(),
  metaCost: MetaCostView.nullable(),
})

/** Template filled with values, as its reader would see it and as a send passes it. @throws ApiError 404, 422 TEMPLATE_VARIABLES */
export async function previewTemplate(
  deps: GatewayDeps,
  tenantId: string,
  id: string,
  input: PreviewInput,
): Promise<z.infer<typeof PreviewView>> {
  const template = await getTemplate(deps.store, tenantId, id)
  const fill = fillTemplate(template, input.variables, await headerFile(deps.store, tenantId, template, input.headerMedia))
  if (fill.kind === 'wrong') throw wrongVariables(fill.problems)
  const part = (type: string) => template.components.find(component => String(component.type).toUpperCase() === type)
  const buttons = (part('BUTTONS')?.buttons ?? []) as { type: string; text?: string }[]
  return {
    templateId: String(template._id),
    name: template.name,
    language: template.language,
    status: template.status,
    header: hydrate(part('HEADER')?.text, 'HEADER', template, input.variables),
    text: fill.text,
    footer: hydrate(part('FOOTER')?.text, 'FOOTER', template, {}),
    buttons: buttons.map(({ type, text = null }) => ({ type: String(type), text })),
    variables: fill.variables,
    components: fill.components,
    ...(input.to === undefined ? { cost: null, metaCost: null } : await pricesTo(deps, tenantId, template, input.to)),
  }
}

async function pricesTo({ store, now }: GatewayDeps, tenantId: string, { category }: TemplateDoc, to: string) {
  const [tenant, { conversation, waId, userId }] = await Promise.all([
    getCachedTenant(store, tenantId),
    visibleDestination(store, tenantId, { to }),
  ])
  const { windowExpiresAt = null, freeEntryPointExpiresAt = null } = conversation ?? {}
  return pricesOf(tenant.settings, { category, windowExpiresAt, freeEntryPointExpiresAt, waId, userId, now: now() })
}
