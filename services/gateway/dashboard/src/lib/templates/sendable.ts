import { queryOptions } from '@tanstack/react-query'
import { withFacts } from '#shared/domain/templates/defaults.ts'
import { fillTemplate, neededVariables, sampleValue } from '#shared/domain/templates/fill.ts'
import { get, type RequestOptions } from '../api/client.ts'
import type { ListPage } from '../api/types.ts'
import { keys } from '../data/keys.ts'
import { type Component, partOf, upper } from './sample-text.ts'

export type Category = 'MARKETING' | 'UTILITY' | 'AUTHENTICATION'

/** An approved template, as far as sending it needs it. */
export interface SendableTemplate {
  id: string
  wabaId: string
  name: string
  language: string
  category: Category
  parameterFormat: 'POSITIONAL' | 'NAMED'
  components: Component[]
  variables: { name: string; position: number; description: string | null; example: string | null; component: string }[]
  lastUsedAt: string | null
}

export interface Price {
  amount: number
  currency: string
  category: string
}

interface Prices {
  templates: Partial<Record<Category, Price>>
}

const PAGE = 100
/** More templates than anybody looks through. */
const MOST_PAGES = 10

/** All approved templates, those used last first. */
export const sendableQuery = queryOptions({
  queryKey: [...keys.templates, 'sendable'],
  queryFn: async ({ signal }) => {
    const found: SendableTemplate[] = []
    let cursor: string | null = null
    for (let page = 0; page < MOST_PAGES; page++) {
      const query: RequestOptions['query'] = { status: 'APPROVED', limit: PAGE, cursor }
      const answer: ListPage<SendableTemplate> = await get('/templates', query, signal)
      found.push(...answer.data.filter(isSendable))
      cursor = answer.nextCursor
      if (cursor === null) break
    }
    return found.toSorted((a, b) => (b.lastUsedAt ?? '').localeCompare(a.lastUsedAt ?? '') || a.name.localeCompare(b.name))
  },
  staleTime: 60_000,
})

/** What a template to this person costs now, by category. */
export const pricesQuery = ({ conversationId }: { conversationId: string }) =>
  queryOptions({
    queryKey: ['template-prices', conversationId],
    queryFn: ({ signal }) => get<Prices>('/templates/prices', { conversationId }, signal),
    select: ({ templates }) => templates,
    staleTime: 60_000,
  })

/** Kind of the file that stands in the header; null without one. */
export function headerKind({ components }: Pick<SendableTemplate, 'components'>): 'image' | 'video' | 'document' | null {
  const format = upper(partOf(components, 'HEADER')?.format)
  return format === 'IMAGE' || format === 'VIDEO' || format === 'DOCUMENT' ? (format.toLowerCase() as 'image') : null
}

const someFile = (template: SendableTemplate) => (headerKind(template) === null ? undefined : { id: '0'.repeat(24) })

/** Whether this form can fill a template: carousels, places and lists of products need a program. */
export function isSendable(template: SendableTemplate): boolean {
  const samples = Object.fromEntries(neededVariables(template).map(name => [name, sampleValue(name)]))
  return fillTemplate(template, samples, someFile(template)).kind === 'filled'
}

/** A value that is asked for. */
export interface Place {
  name: string
  /** What people called it; null for a number. */
  label: string | null
  /** Index of the button that it belongs to. */
  button: number | null
  example: string | null
}

/** The values that a template needs, in its own order. */
export function placesOf(template: SendableTemplate): Place[] {
  return neededVariables(template).map(name => {
    const variable = template.variables.find(one => one.name === name)
    const button = /^button_(\d)$/.exec(name)?.[1]
    const label = variable?.description || (/^\d+$|^header$/.test(name) ? null : name)
    return { name, label, button: button === undefined ? null : Number(button), example: variable?.example ?? null }
  })
}

/** Values that are known of the person. */
export function knownValues(template: SendableTemplate, candidateName: string | null): Record<string, string> {
  // The first variable of an authentication template is its code, never a name.
  if (template.category === 'AUTHENTICATION' || candidateName === null) return {}
  const names = new Set(neededVariables(template))
  const known = Object.entries(withFacts(template.variables, {}, { candidateName }))
  return Object.fromEntries(known.filter(([name]) => names.has(name)))
}

/** The text with its values, or which values are wrong: by their names, with a sentence; '' is the file. */
export function fillIn(
  template: SendableTemplate,
  values: Readonly<Record<string, string>>,
  hasFile: boolean,
): { text: string | null; problems: null } | { text: null; problems: Record<string, string> } {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ''))
  const filled = fillTemplate(template, given, hasFile ? someFile(template) : undefined)
  if (filled.kind === 'filled') return { text: filled.text, problems: null }
  const named = filled.problems.map(({ path, message }) => [path.replace(/^variables\.?|^headerMedia.*/, ''), message] as const)
  return { text: null, problems: Object.fromEntries(named.toReversed()) }
}
