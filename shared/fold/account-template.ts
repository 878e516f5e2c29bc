import { isObject, type Json, listOf, text } from '../meta/json.ts'
import type { AccountItem } from '../meta/webhook.ts'
import type { ClientDoc, TemplateDoc, TemplateStatus } from '../store/documents.ts'
import type { FoldContext } from './context.ts'
import { ignored, PROCESSED, type Verdict } from './item.ts'
import { change, type State, type Tracked } from './state.ts'
import { tell } from './tell.ts'

/** Meta's events, as the five states that a sender must tell apart. */
const STATUS_OF: Record<string, TemplateStatus> = {
  APPROVED: 'APPROVED',
  REINSTATED: 'APPROVED',
  UNPAUSED: 'APPROVED',
  UNLOCKED: 'APPROVED',
  FLAGGED: 'APPROVED',
  PENDING: 'PENDING',
  IN_APPEAL: 'PENDING',
  REJECTED: 'REJECTED',
  PAUSED: 'PAUSED',
  LOCKED: 'PAUSED',
  LIMIT_EXCEEDED: 'PAUSED',
  DISABLED: 'DISABLED',
  PENDING_DELETION: 'DISABLED',
  DELETED: 'DISABLED',
  ARCHIVED: 'DISABLED',
}
const QUALITIES = new Set(['GREEN', 'YELLOW', 'RED', 'UNKNOWN'])
const CATEGORIES = new Set(['MARKETING', 'UTILITY', 'AUTHENTICATION'])

export const isTemplateField = (field: string, value: Json) => field.includes('template') || 'new_quality_score' in value

/** By Meta's id, else by name and language within the business account. */
export const templateKeyOf = (value: Json) => ({
  metaTemplateId: text(value.message_template_id),
  name: text(value.message_template_name),
  language: text(value.message_template_language),
})

export function foldTemplate(state: State, context: FoldContext, clients: ClientDoc[], item: AccountItem): Verdict {
  const template = findTemplate(state, clients, item)
  if (template === undefined) return ignored('a template that is not here')
  const fields = fieldsOf(item, template.doc)
  if (Object.keys(fields).length === 0) return ignored('nothing new about the template')
  const isTold = fields.status !== undefined && fields.status !== template.doc.status
  change(template, { ...fields, metaTemplateId: template.doc.metaTemplateId ?? templateKeyOf(item.value).metaTemplateId })
  if (isTold) tellTemplate(state, context, item, template.doc)
  return PROCESSED
}

function findTemplate(state: State, clients: ClientDoc[], item: AccountItem): Tracked<TemplateDoc> | undefined {
  const tenantId = clients[0]?.tenantId
  const { metaTemplateId, name, language } = templateKeyOf(item.value)
  const own = state.templates.filter(({ doc }) => tenantId?.equals(doc.tenantId) && doc.wabaId === item.wabaId)
  return (
    own.find(({ doc }) => metaTemplateId !== null && doc.metaTemplateId === metaTemplateId) ??
    own.find(({ doc }) => doc.name === name && doc.language === language)
  )
}

/** Recognised by what they hold: Meta has sent qualities under the field of statuses. */
function fieldsOf({ field, value }: AccountItem, template: TemplateDoc): Partial<TemplateDoc> {
  const quality = text(value.new_quality_score)
  if (quality !== null) return QUALITIES.has(quality) ? { quality: quality as TemplateDoc['quality'] } : {}
  if (field === 'message_template_components_update') return { components: componentsOf(value, template) }
  if (field === 'template_category_update') {
    const category = text(value.new_category)
    return category !== null && CATEGORIES.has(category) ? { category: category as TemplateDoc['category'] } : {}
  }
  const status = STATUS_OF[text(value.event) ?? '']
  return status === undefined ? {} : { status, reason: status === 'APPROVED' ? null : reasonOf(value) }
}

function reasonOf(value: Json): string | null {
  const details = [value.rejection_info, value.other_info].find(isObject) ?? {}
  const reason = text(value.reason)
  return text(details.reason) ?? text(details.description) ?? (reason === 'NONE' ? text(value.event) : reason)
}

/** Meta tells the new words; formats and examples stay as they were. */
function componentsOf(value: Json, { components }: TemplateDoc): Record<string, unknown>[] {
  const parts: Record<string, unknown>[] = []
  const add = (type: string, fields: Json | null) => {
    const before = components.find(component => component.type === type)
    if (fields !== null) parts.push({ ...before, type, ...fields })
    else if (type === 'HEADER' && before && before.format !== 'TEXT') parts.push(before)
  }
  const worded = (word: unknown) => (text(word) === null ? null : { text: text(word) })
  const title = worded(value.message_template_title)
  add('HEADER', title && { format: 'TEXT', ...title })
  add('BODY', worded(value.message_template_element))
  add('FOOTER', worded(value.message_template_footer))
  const buttons = listOf(value.message_template_buttons).filter(isObject).map(buttonOf)
  add('BUTTONS', buttons.length > 0 ? { buttons } : null)
  return parts
}

function buttonOf(button: Json): Json {
  const named = Object.entries(button).map(([name, value]) => [name.replace('message_template_button_', ''), value])
  return Object.fromEntries(named)
}

function tellTemplate(state: State, { now }: FoldContext, item: AccountItem, template: TemplateDoc): void {
  const payload = {
    templateId: String(template._id),
    name: template.name,
    language: template.language,
    status: template.status.toLowerCase(),
    reason: template.reason,
  }
  const place = { tenantId: template.tenantId, clientId: null, conversationId: null }
  tell(state, { eventId: `r:${item.eventId}`, name: 'template:status', ...place, payload }, now)
}
