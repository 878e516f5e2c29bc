import { languageCode } from '../../domain/templates/languages.ts'
import { isDeletedStatus, isTemplateCategory, templateStateOf } from '../../domain/templates/status.ts'
import { variablesOf } from '../../domain/templates/variables.ts'
import { isObject, type Json, listOf, text } from '../../meta/json.ts'
import { type AccountItem, timeOf } from '../../meta/webhook.ts'
import type { ClientDoc, Id, TemplateDoc } from '../../model/documents.ts'
import { eventIds, templateStatus } from '../../views/events.ts'
import type { FoldContext } from '../context.ts'
import { isNewer, trackClient, withEventTimes } from '../number-effects.ts'
import { change, type State, type Tracked } from '../state.ts'
import { ignored, PROCESSED, type Verdict } from '../verdict.ts'

const QUALITIES = new Set(['GREEN', 'YELLOW', 'RED', 'UNKNOWN'])

export const isTemplateField = (field: string, value: Json) => field.includes('template') || 'new_quality_score' in value

/** Keys of the template in a webhook: Meta's id, and name and language within the business account. */
export const templateKeyOf = (value: Json) => ({
  metaTemplateId: text(value.message_template_id),
  name: text(value.message_template_name),
  language: languageCode(text(value.message_template_language) ?? '') || null,
})

/** Applies a template webhook for every tenant that shares the business account. An unknown template triggers a sync. */
export function foldTemplate(state: State, context: FoldContext, clients: ClientDoc[], item: AccountItem): Verdict {
  const tenants = new Map(clients.map(({ tenantId }) => [String(tenantId), tenantId]))
  const templates = [...tenants.values()].flatMap(tenantId => findTemplate(state, tenantId, item) ?? [])
  // What a restored template was before its archival only Meta's list says.
  const isUnsure = templates.length === 0 || item.value.event === 'UNARCHIVED'
  if (isUnsure) for (const client of clients) change(trackClient(state, client), { nextTemplateSyncAt: null })
  const verdicts = templates.map(template => applyTemplateEvent(state, context, item, template))
  return verdicts.find(verdict => verdict === PROCESSED) ?? verdicts[0] ?? ignored('unknown template')
}

function applyTemplateEvent(state: State, context: FoldContext, item: AccountItem, template: Tracked<TemplateDoc>): Verdict {
  const { doc } = template
  const { topic, fields } = readTemplateEvent(item, doc)
  if (topic === null) return ignored('no known change of the template')
  if (!isNewer(doc, topic, item.at) || isOfDeletedPredecessor(doc, item)) return ignored('a newer event was already applied')
  const hasChanged = Object.entries(fields).some(([name, value]) => differs(value, doc[name as keyof TemplateDoc]))
  const metaTemplateId = doc.metaTemplateId ?? templateKeyOf(item.value).metaTemplateId
  change(template, { ...fields, metaTemplateId, lastEventAt: withEventTimes(doc, [topic], item.at) })
  if (hasChanged) state.events.push(templateStatus(eventIds.webhook(item.eventId, doc._id), doc, context.now))
  return PROCESSED
}

/** Whether a deletion belongs to a predecessor of the same name, deleted and created again within one second. */
const isOfDeletedPredecessor = ({ lastEventAt }: TemplateDoc, { value, at }: AccountItem) =>
  isDeletedStatus(text(value.event)) && lastEventAt?.status?.getTime() === at.getTime()

const differs = (a: unknown, b: unknown) => JSON.stringify(a ?? null) !== JSON.stringify(b ?? null)

function findTemplate(state: State, tenantId: Id, item: AccountItem): Tracked<TemplateDoc> | undefined {
  const { metaTemplateId, name, language } = templateKeyOf(item.value)
  const own = state.templates.filter(({ doc }) => tenantId.equals(doc.tenantId) && doc.wabaId === item.wabaId)
  return (
    own.find(({ doc }) => metaTemplateId !== null && doc.metaTemplateId === metaTemplateId) ??
    own.find(({ doc }) => doc.name === name && doc.language === language)
  )
}

interface TemplateEvent {
  /** Subject of the event; null for one that we do not know. */
  topic: 'status' | 'quality' | 'category' | 'components' | null
  fields: Partial<TemplateDoc>
}
const NO_EVENT: TemplateEvent = { topic: null, fields: {} }

/** Reads a template event by its content, because Meta has sent qualities under the field of statuses. */
function readTemplateEvent(item: AccountItem, template: TemplateDoc): TemplateEvent {
  const { field, value } = item
  const quality = text(value.new_quality_score)
  if (quality !== null)
    return QUALITIES.has(quality) ? { topic: 'quality', fields: { quality: quality as TemplateDoc['quality'] } } : NO_EVENT
  if (field === 'message_template_components_update') {
    const components = componentsOf(value, template)
    return { topic: 'components', fields: { components, ...variablesOf(components, template.variables) } }
  }
  if (field === 'template_category_update') return categoryEvent(item)
  const status = templateStateOf(text(value.event))
  if (status === null) return NO_EVENT
  // A template that people disabled stays disabled.
  if (template.disabledAt) return { topic: 'status', fields: {} }
  const isFine = status === 'APPROVED' && value.event !== 'FLAGGED'
  return { topic: 'status', fields: { status, reason: isFine ? null : reasonOf(value) } }
}

/** Category change: announced a day ahead, with `new_category` as the present one, and reported again when it is done. */
function categoryEvent({ value, receivedAt }: AccountItem): TemplateEvent {
  const category = categoryOf(value.new_category)
  if (category === null) return NO_EVENT
  const to = categoryOf(value.correct_category)
  const at = timeOf(value.category_update_timestamp, FAR) ?? receivedAt
  return { topic: 'category', fields: { category, categoryChange: to === null || to === category ? null : { to, at } } }
}

/** Upper bound for the time of an announced change, which lies in the future and is not clamped to the arrival. */
const FAR = new Date(8.64e15)

function categoryOf(value: unknown): TemplateDoc['category'] | null {
  const category = text(value)
  return isTemplateCategory(category) ? category : null
}

/** Meta's code, its sentence and its advice, as `PROMOTIONAL: The text…`; each may be missing. */
function reasonOf(value: Json): string | null {
  const details = [value.rejection_info, value.other_info].find(isObject) ?? {}
  const given = text(value.reason)
  const code = given === 'NONE' ? null : given
  const sentences = [text(details.reason) ?? text(details.description), text(details.recommendation)]
  const detail = sentences.filter(one => one !== null).join(' ')
  if (detail === '') return code ?? text(value.event)
  return code === null || detail.includes(code) ? detail : `${code}: ${detail}`
}

/** Components after an edit: Meta reports the new texts only, so formats and examples are kept. */
function componentsOf(value: Json, { components }: TemplateDoc): Record<string, unknown>[] {
  const parts: Record<string, unknown>[] = []
  const add = (type: string, fields: Json | null) => {
    const before = components.find(component => component.type === type)
    if (fields !== null) parts.push({ ...before, type, ...fields })
    else if (type === 'HEADER' && before && before.format !== 'TEXT') parts.push(before)
  }
  const textPart = (value: unknown) => (text(value) === null ? null : { text: text(value) })
  const title = textPart(value.message_template_title)
  add('HEADER', title && { format: 'TEXT', ...title })
  add('BODY', textPart(value.message_template_element))
  add('FOOTER', textPart(value.message_template_footer))
  const buttons = listOf(value.message_template_buttons).filter(isObject).map(buttonOf)
  add('BUTTONS', buttons.length > 0 ? { buttons } : null)
  return parts
}

function buttonOf(button: Json): Json {
  const named = Object.entries(button).map(([name, value]) => [name.replace('message_template_button_', ''), value])
  return Object.fromEntries(named)
}
