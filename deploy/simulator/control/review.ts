import type { Simulation } from '../simulation.ts'
import { emitForWaba } from '../webhooks/emit.ts'
import type { Template } from '../world/world.ts'

export interface ReviewRequest {
  status: string
  reason?: string
  /** Also moves the template to another category. */
  category?: string
  /** Also changes its quality: GREEN, YELLOW, RED, UNKNOWN. */
  quality?: string
}

const PAUSES = ['FIRST_PAUSE', 'SECOND_PAUSE']
const STATUSES = ['APPROVED', 'PENDING', 'REJECTED', 'PAUSED', 'DISABLED', 'IN_APPEAL', 'ARCHIVED']
/** Events of the webhook that are not a status of the template. */
const EVENTS_ONLY = ['FLAGGED', 'REINSTATED', 'LOCKED', 'UNLOCKED', 'LIMIT_EXCEEDED', 'UNARCHIVED']

/**
 * Decides about a template as Meta does. Held messages are sent when it is approved and fail when it is paused.
 * @throws Error for an unknown template or status
 */
export function reviewTemplate(sim: Simulation, id: string, { status, reason, category, quality }: ReviewRequest) {
  const template = findTemplate(sim, id)
  const event = status?.toUpperCase() ?? template.status
  if (!STATUSES.includes(event) && !EVENTS_ONLY.includes(event))
    throw new Error(`status must be one of ${[...STATUSES, ...EVENTS_ONLY].join(', ')}.`)
  const wasPaused = template.status === 'PAUSED'
  if (STATUSES.includes(event)) template.status = event as Template['status']
  if (event === 'UNARCHIVED') template.status = 'APPROVED'
  template.rejectedReason = event === 'REJECTED' ? (reason ?? 'INVALID_FORMAT') : null
  if (category && category !== template.category) recategorise(sim, template, category)
  if (quality && quality !== template.quality.score) setQuality(sim, template, quality)
  emitTemplateStatus(sim, template, event, { reason, wasPaused })
  if (event === 'APPROVED' || event === 'PAUSED' || event === 'DISABLED') releaseHeld(sim, template)
  return { id: template.id, status: template.status, category: template.category }
}

/** Starts holding the template's messages, or releases the held ones. @returns how many were held */
export function setPacing(sim: Simulation, id: string, isPaced: boolean): { held: number } {
  const template = findTemplate(sim, id)
  const held = sim.held.get(template.id)?.length ?? 0
  template.pacing = isPaced
  if (!isPaced) releaseHeld(sim, template)
  return { held }
}

function releaseHeld(sim: Simulation, template: Template): void {
  template.pacing = false
  const held = sim.held.get(template.id) ?? []
  sim.held.delete(template.id)
  for (const release of held) release()
}

function recategorise(sim: Simulation, template: Template, category: string): void {
  template.previousCategory = template.category
  template.category = category
  emitForWaba(sim, template.wabaId, 'template_category_update', {
    ...identity(template),
    previous_category: template.previousCategory,
    new_category: category,
  })
}

function setQuality(sim: Simulation, template: Template, score: string): void {
  const previous = template.quality.score
  template.quality = { score, date: Math.floor(sim.now() / 1000) }
  const value = { previous_quality_score: previous, new_quality_score: score, ...identity(template) }
  emitForWaba(sim, template.wabaId, 'message_template_quality_update', value)
}

/** Emits `message_template_status_update`. */
export function emitTemplateStatus(
  sim: Simulation,
  template: Template,
  event: string,
  { reason, wasPaused = false }: { reason?: string; wasPaused?: boolean } = {},
): void {
  const rejected = event === 'REJECTED'
  emitForWaba(sim, template.wabaId, 'message_template_status_update', {
    event,
    ...identity(template),
    reason: rejected ? (template.rejectedReason ?? 'INVALID_FORMAT') : (reason ?? 'NONE'),
    message_template_category: template.category,
    ...(rejected && {
      rejection_info: {
        reason: `The template was refused: ${reason ?? 'INVALID_FORMAT'}.`,
        recommendation: 'Edit the template and submit it again.',
      },
    }),
    ...otherInfo(sim, template, event, wasPaused),
  })
}

function otherInfo(sim: Simulation, template: Template, event: string, wasPaused: boolean) {
  if (event === 'DISABLED') {
    const disable_info = { disable_date: String(Math.floor(sim.now() / 1000)) }
    return { disable_info, other_info: { title: 'DISABLED', description: 'Your WhatsApp message template has been disabled.' } }
  }
  if (event === 'PAUSED') {
    const title = PAUSES[template.pauses] ?? 'RATE_LIMITING_PAUSE'
    template.pauses++
    return {
      other_info: { title, description: 'Your WhatsApp message template has been paused because it continued to have issues.' },
    }
  }
  if (event !== 'APPROVED' || !wasPaused) return {}
  return { other_info: { title: 'UNPAUSE', description: 'Your WhatsApp message template has been unpaused.' } }
}

/** Template ids are integers in webhooks and strings everywhere else. */
const identity = ({ id, name, language }: Template) => ({
  message_template_id: Number(id),
  message_template_name: name,
  message_template_language: language,
})

function findTemplate({ world }: Simulation, idOrName: string): Template {
  const template = world.templates.get(idOrName) ?? [...world.templates.values()].find(({ name }) => name === idOrName)
  if (!template) throw new Error(`${idOrName} is not a template of this simulator.`)
  return template
}
