import type { Simulation } from '../simulation.ts'
import type { Json, Waba } from '../world/world.ts'
import { GraphError } from './errors.ts'
import { refuse } from './template-refusals.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const CREATIONS_PER_HOUR = 100
const EDITS_PER_MONTH = 10

export const templatesOf = ({ world }: Simulation, wabaId: string) =>
  [...world.templates.values()].filter(template => template.wabaId === wabaId)

/** @throws GraphError 80008 (creations per hour), 100 with a subcode (too many templates, name taken, name just deleted) */
export function checkCreation(sim: Simulation, waba: Waba, name: string, language: string): void {
  const own = templatesOf(sim, waba.id)
  if (own.length >= waba.templateLimit) {
    refuse(2388019, 'Message template limit exceeded', 'You have reached the maximum number of message templates.')
  }
  if (own.filter(({ createdAt }) => sim.now() - createdAt < HOUR_MS && createdAt > 0).length >= CREATIONS_PER_HOUR)
    throw new GraphError(80008)
  if (own.some(template => template.name === name && template.language === language)) {
    refuse(2388024, 'Content in this language already exists', `There is already ${language} content for this template.`)
  }
  if ((waba.deletedTemplates.get(`${name}/${language}`) ?? 0) > sim.now()) {
    const message = 'New content cannot be added while the existing content is being deleted. Try again in 4 weeks.'
    refuse(2388023, 'Message template language is being deleted', message)
  }
}

/** @throws GraphError 100 for the body and footer of another template; authentication templates all share one body */
export function checkDuplicate(sim: Simulation, waba: Waba, components: Json[], category: string): void {
  if (category === 'AUTHENTICATION') return
  const textOfPart = (list: Json[], type: string) => String(list.find(part => part.type === type)?.text ?? '')
  const key = (list: Json[]) => `${textOfPart(list, 'BODY')}\n${textOfPart(list, 'FOOTER')}`
  const twin = templatesOf(sim, waba.id).find(
    template => key(template.components) === key(components) && template.category !== 'AUTHENTICATION',
  )
  if (twin) refuse(2388024, 'Duplicate template', `The template ${twin.name} has the same body and footer.`)
}

const TTL_SECONDS: Record<string, [number, number]> = {
  AUTHENTICATION: [30, 900],
  UTILITY: [30, 43_200],
  MARKETING: [43_200, 2_592_000],
}

/** @throws GraphError 100 for a time to live outside the category's bounds */
export function checkTtl(ttl: unknown, category: string): number | null {
  if (ttl === undefined) return null
  const seconds = Number(ttl)
  const [min, max] = TTL_SECONDS[category] as [number, number]
  if (seconds === -1 || (seconds >= min && seconds <= max)) return seconds
  throw new GraphError(100, {
    message: `(#100) Param message_send_ttl_seconds must be between ${min} and ${max} for category ${category}.`,
  })
}

/** Adds an edit to those of the last 30 days. @throws GraphError 100 beyond one a day or ten in 30 days */
export function countEdit(edits: number[], now: number): number[] {
  const recent = edits.filter(at => now - at < 30 * DAY_MS)
  if (recent.some(at => now - at < DAY_MS))
    refuse(2388008, 'Edit limit reached', 'An approved template can be edited once in 24 hours.')
  if (recent.length >= EDITS_PER_MONTH)
    refuse(2388008, 'Edit limit reached', 'An approved template can be edited 10 times in 30 days.')
  return [...recent, now]
}
