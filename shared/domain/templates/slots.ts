/** Fields of a template that are needed to fill it, with the components in Meta's form. */
export interface FillableTemplate {
  category?: string
  components: readonly Record<string, unknown>[]
  parameterFormat: 'POSITIONAL' | 'NAMED'
  variables: readonly { name: string; position: number; component: string }[]
}

/** Place of a value in a text. */
export interface Slot {
  /** Names under which a caller may give the value; the first one is shown. */
  names: string[]
  placeholder: string
}

/** Names under which the variable of a text header may be given: it counts for itself, from `{{1}}` as the body does. */
export const HEADER_NAMES: readonly string[] = ['header', 'header_1']

/** Variables of one text, in the order in which Meta counts them. */
export function slotsOf(text: unknown, component: 'HEADER' | 'BODY', template: FillableTemplate): Slot[] {
  const named = new Set(component === 'HEADER' ? bodyNames(template) : [])
  return placeholdersOf(text).map(placeholder => {
    const own = ownName(placeholder, component, template)
    const others = component === 'HEADER' ? HEADER_NAMES.filter(name => !named.has(name)) : [placeholder]
    return { names: [...new Set([...(own === null ? [] : [own]), ...others])], placeholder }
  })
}

/** The name that people, or the template itself, gave a variable; a number is no name, for header and body count alike. */
function ownName(placeholder: string, component: string, { variables }: FillableTemplate): string | null {
  if (!isCounted(placeholder)) return placeholder
  const declared = variables.find(
    variable => variable.component.toUpperCase() === component && variable.position === Number(placeholder),
  )
  return declared && !isCounted(declared.name) ? declared.name : null
}

const bodyNames = ({ variables, components }: FillableTemplate): string[] => [
  ...variables.filter(({ component }) => component.toUpperCase() === 'BODY').map(({ name }) => name),
  ...components.filter(({ type }) => upper(type) === 'BODY').flatMap(({ text }) => placeholdersOf(text)),
]

/** Name under which a variable is given and shown: `header` for the numbered variable of a header. */
export const shownName = ({ name, component }: { name: string; component: string }): string =>
  component.toUpperCase() === 'HEADER' && isCounted(name) ? (HEADER_NAMES[0] as string) : name

/** Whether the name belongs to a place of every template, so that no variable of a body may be called so. */
export const isReservedName = (name: string): boolean =>
  HEADER_NAMES.includes(name) || name === OFFER_END || /^button_\d$/.test(name)

/** Name of the value that says when a limited-time offer ends. */
export const OFFER_END = 'limited_time_offer'

/** Body text; that of an authentication template is Meta's own, with the code as its only variable. */
export const bodyText = ({ text }: Record<string, unknown>): unknown => text ?? '{{1}}'

/** Names of the variables in a text, each once, in the order in which Meta counts them. */
export function placeholdersOf(text: unknown): string[] {
  const found = [...String(text ?? '').matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(match => match[1] as string)
  const unique = [...new Set(found)]
  return unique.every(isCounted) ? unique.toSorted((a, b) => Number(a) - Number(b)) : unique
}

export const isCounted = (name: string): boolean => /^\d+$/.test(name)

/** Buttons of a template or of a card. */
export function buttonsOf(components: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const { buttons } = components.find(({ type }) => upper(type) === 'BUTTONS') ?? {}
  return Array.isArray(buttons) ? (buttons as Record<string, unknown>[]) : []
}

export const upper = (value: unknown): string => String(value ?? '').toUpperCase()
