import { type AuthorizedCall, SUCCESS } from '../call.ts'
import { emitTemplateStatus, reviewTemplate } from '../control/review.ts'
import { idOf, isText, textOf } from '../params.ts'
import type { Simulation } from '../simulation.ts'
import { asListed } from '../world/authentication.ts'
import { addTemplate } from '../world/demo.ts'
import type { Json, Template, Waba } from '../world/world.ts'
import { GraphError } from './errors.ts'
import { fieldNames, select } from './fields.ts'
import { templateHealth } from './health.ts'
import { pageOf } from './paging.ts'
import { checkCreation, checkDuplicate, checkTtl, countEdit, templatesOf } from './template-limits.ts'
import { refuse } from './template-refusals.ts'
import { assignedCategory, CATEGORIES, checkComponents, checkIdentity, rejectionReason } from './template-rules.ts'

const LIST_FIELDS = [
  'name',
  'parameter_format',
  'components',
  'language',
  'status',
  'category',
  'sub_category',
  'previous_category',
  'id',
]
const DEFAULT_FIELDS = ['name', 'components', 'language', 'status', 'category', 'previous_category', 'id']
const NAME_BLOCKED_MS = 30 * 86_400_000

/** `GET /{waba}/message_templates`. */
export function listTemplates(call: AuthorizedCall, waba: Waba): object {
  const { sim, params } = call
  const list = templatesOf(sim, waba.id).filter(template => matches(template, params))
  const { entries, paging } = pageOf(call, list, ({ id }) => id)
  const data = entries.map(template => select(fieldsOf(sim, template), params.fields, LIST_FIELDS))
  return { data, ...summaryOf(sim, waba, params.summary), paging }
}

function matches({ name, status, category, language, components, quality }: Template, params: Json): boolean {
  const same = (asked: unknown, value: string) => asked === undefined || listed(asked).includes(value.toLowerCase())
  const content = textOf(params.content)
  return (
    (params.name === undefined || name === params.name) &&
    same(params.status, status) &&
    same(params.category, category) &&
    same(params.language, language) &&
    same(params.quality_score, quality.score) &&
    (content === undefined || JSON.stringify(components).includes(content)) &&
    (params.name_or_content === undefined || `${name}${JSON.stringify(components)}`.includes(String(params.name_or_content)))
  )
}

/** Values of a filter in lower case: `APPROVED`, `approved,paused` and `["APPROVED"]` are all valid. */
const listed = (asked: unknown) =>
  (Array.isArray(asked) ? asked : String(asked).split(',')).map(word => String(word).trim().toLowerCase())

function summaryOf(sim: Simulation, waba: Waba, summary: unknown) {
  const names = fieldNames(summary)
  if (!names) return {}
  const count = templatesOf(sim, waba.id).length
  const all: Json = {
    total_count: count,
    message_template_count: count,
    message_template_limit: waba.templateLimit,
    are_translations_complete: true,
  }
  return {
    summary: Object.fromEntries(names.filter(name => name in all && name !== 'total_count').map(name => [name, all[name]])),
  }
}

/** `GET /{template}`. */
export const getTemplate = ({ sim, params }: AuthorizedCall, template: Template): object =>
  select(fieldsOf(sim, template), params.fields, DEFAULT_FIELDS)

/** `POST /{waba}/message_templates`: creates a PENDING template and starts its review. Meta may assign another category. */
export function createTemplate(call: AuthorizedCall, waba: Waba): object {
  const { sim, params } = call
  checkIdentity(params)
  const { name, language } = params as { name: string; language: string }
  const asked = String(params.category).toUpperCase()
  const parameterFormat = String(params.parameter_format ?? 'POSITIONAL').toUpperCase() === 'NAMED' ? 'NAMED' : 'POSITIONAL'
  const components = checkComponents(params.components, asked, parameterFormat)
  const ttlSeconds = checkTtl(params.message_send_ttl_seconds, asked)
  checkCreation(sim, waba, name, language)
  checkDuplicate(sim, waba, components, asked)
  const category = assignedCategory(asked, name, components)
  const listed = category === 'AUTHENTICATION' ? asListed(components, language) : components
  const made = {
    wabaId: waba.id,
    name,
    language,
    category,
    parameterFormat,
    components: listed,
    ttlSeconds,
    status: 'PENDING',
  } as const
  const template = addTemplate(sim.world, made, sim.now())
  review(sim, template)
  return { id: template.id, status: template.status, category }
}

/** `POST /{template}`: replaces all components. The category of an approved template cannot be changed. */
export function editTemplate(call: AuthorizedCall, template: Template): object {
  const { sim, params } = call
  const now = sim.now()
  if (!['APPROVED', 'REJECTED', 'PAUSED'].includes(template.status)) {
    refuse(2388004, 'Template cannot be edited', 'Only approved, rejected and paused templates can be edited.')
  }
  const category = textOf(params.category)?.toUpperCase() ?? template.category
  if (!CATEGORIES.includes(category))
    throw new GraphError(100, { message: `(#100) Param category must be one of {${CATEGORIES.join(', ')}}.` })
  if (template.status === 'APPROVED' && category !== template.category) {
    refuse(2388005, 'Category cannot be changed', 'The category of an approved template cannot be changed.')
  }
  const components =
    params.components === undefined ? template.components : checkComponents(params.components, category, template.parameterFormat)
  const ttlSeconds =
    params.message_send_ttl_seconds === undefined ? template.ttlSeconds : checkTtl(params.message_send_ttl_seconds, category)
  if (template.status === 'APPROVED') template.edits = countEdit(template.edits, now)
  Object.assign(template, { components, category, ttlSeconds, status: 'PENDING' })
  review(sim, template)
  return SUCCESS
}

/** `DELETE /{waba}/message_templates`: deletes every language of a name, or the one of `hsm_id`; blocks the name for 30 days. */
export function deleteTemplates({ sim, params }: AuthorizedCall, waba: Waba): object {
  const id = idOf(params.hsm_id)
  const ids = Array.isArray(params.hsm_ids) ? params.hsm_ids.map(String) : null
  if (!isText(params.name) && ids === null) throw new GraphError(100, { message: '(#100) The parameter name is required.' })
  const found = templatesOf(sim, waba.id).filter(
    template => (ids ? ids.includes(template.id) : template.name === params.name) && (id === undefined || template.id === id),
  )
  if (found.length === 0) refuse(2593002, 'Message template not found', 'The message template name you entered does not exist.')
  for (const template of found) remove(sim, waba, template)
  return SUCCESS
}

/** `POST /{template}/unpause`. */
export function unpauseTemplate({ sim }: AuthorizedCall, template: Template): object {
  if (template.status !== 'PAUSED') refuse(2388006, 'Template is not paused', 'Only a paused template can be unpaused.')
  reviewTemplate(sim, template.id, { status: 'APPROVED' })
  return SUCCESS
}

function remove(sim: Simulation, waba: Waba, template: Template): void {
  if (template.status === 'DISABLED') refuse(2388007, 'Template cannot be deleted', 'A disabled template cannot be deleted.')
  sim.world.templates.delete(template.id)
  if (template.status === 'APPROVED')
    waba.deletedTemplates.set(`${template.name}/${template.language}`, sim.now() + NAME_BLOCKED_MS)
  emitTemplateStatus(sim, template, 'DELETED')
}

/** Decides after the review time, unless the template was decided or deleted before. */
function review(sim: Simulation, template: Template): void {
  sim.schedule(sim.options.reviewMs ?? 1000, () => {
    const current = sim.world.templates.get(template.id)
    if (current?.status !== 'PENDING') return
    const reason = rejectionReason(current.name, current.components)
    reviewTemplate(sim, current.id, reason === null ? { status: 'APPROVED' } : { status: 'REJECTED', reason })
  })
}

function fieldsOf(sim: Simulation, template: Template): Record<string, () => unknown> {
  return {
    id: () => template.id,
    name: () => template.name,
    language: () => template.language,
    status: () => template.status,
    category: () => template.category,
    previous_category: () => template.previousCategory,
    parameter_format: () => template.parameterFormat,
    components: () => template.components,
    rejected_reason: () => template.rejectedReason ?? (template.status === 'REJECTED' ? 'NONE' : undefined),
    quality_score: () => template.quality,
    message_send_ttl_seconds: () => template.ttlSeconds,
    // The members that Meta names; its shape in full is not known.
    optimization_spec: () => (template.bidAmount === undefined ? undefined : { bid_amount: template.bidAmount }),
    health_status: () => templateHealth(sim, template),
    correct_category: () => template.category,
    cta_url_link_tracking_opted_out: () => false,
    last_updated_time: () => new Date(template.createdAt).toISOString(),
  }
}
