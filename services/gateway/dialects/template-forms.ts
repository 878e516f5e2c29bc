import { z } from 'zod'
import { shownName } from '#shared/domain/templates/slots.ts'
import { TEMPLATE_CATEGORIES, TEMPLATE_STATES } from '#shared/domain/templates/status.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'

type Component = Record<string, unknown>
const at = z.iso.datetime()
const lower = (value: unknown) => String(value ?? '').toLowerCase()
const find = (components: readonly Component[], type: string) => components.find(component => lower(component.type) === type)
const textIn = (component: Component | undefined) => (typeof component?.text === 'string' ? component.text : null)

/** Template in LinkoJob's API: header, body and footer as plain texts, status in lower case. */
export const PlainTemplate = z.object({
  _id: z.string(),
  id: z.string(),
  name: z.string(),
  language: z.string(),
  category: z.enum(TEMPLATE_CATEGORIES),
  header: z.string().nullable(),
  body: z.string().nullable(),
  footer: z.string().nullable(),
  variables: z.array(z.object({ position: z.number().int(), name: z.string(), description: z.string().nullable() })),
  metaTemplateId: z.string().nullable(),
  status: z.enum(['pending', 'approved', 'rejected', 'paused', 'disabled']),
  usageCount: z.number().int(),
  lastUsedAt: at.nullable(),
  createdAt: at,
  updatedAt: at,
})

/** Template view for LinkoJob's API. */
export function plainTemplate(row: TemplateDoc): z.infer<typeof PlainTemplate> {
  const { name, language, category, components } = row
  return {
    _id: String(row._id),
    id: String(row._id),
    name,
    language,
    category,
    header: textIn(find(components, 'header')),
    body: textIn(find(components, 'body')),
    footer: textIn(find(components, 'footer')),
    variables: row.variables.map(({ position, description, ...variable }) => ({
      position,
      name: shownName(variable),
      description,
    })),
    metaTemplateId: row.metaTemplateId ?? null,
    status: lower(row.status) as Lowercase<TemplateDoc['status']>,
    usageCount: row.usageCount,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

const Part = z.looseObject({ type: z.string(), text: z.string().optional() })
/** Template components by name, each a list of parts. */
export const ComponentsJson = z.object({
  body: z.array(Part).optional(),
  header: z.array(Part).optional(),
  footer: z.array(Part).optional(),
  buttons: z.array(Part).optional(),
})

/** Template in the CRM module's API. */
export const CrmTemplate = z.object({
  id: z.string(),
  name: z.string(),
  language: z.string(),
  category: z.enum(TEMPLATE_CATEGORIES),
  status: z.enum(TEMPLATE_STATES),
  componentsJson: ComponentsJson,
  createdAt: at,
})

/** Template view for the CRM module's API. */
export function crmTemplate(row: TemplateDoc): z.infer<typeof CrmTemplate> {
  const { name, language, category, status, components } = row
  const createdAt = row.createdAt.toISOString()
  return { id: String(row._id), name, language, category, status, componentsJson: componentsJson(components), createdAt }
}

/** Meta's components by lower-case name, each a list of parts: `{body: [{type: 'text', text}], …}`; examples are left out. */
export function componentsJson(components: readonly Component[]): z.infer<typeof ComponentsJson> {
  const parts = components.map(
    ({ type, buttons, format, text, example: _forReview, ...rest }): [string, z.infer<typeof Part>[]] => {
      if (lower(type) !== 'buttons')
        return [lower(type), [{ type: lower(format) || 'text', ...(typeof text === 'string' && { text }), ...rest }]]
      const all = Array.isArray(buttons) ? (buttons as Component[]) : []
      return ['buttons', all.map(({ example: _forReview, ...button }) => ({ ...button, type: lower(button.type) }))]
    },
  )
  return Object.fromEntries(parts)
}
