/** A part of a template in Meta's form. */
export type Component = Record<string, unknown>

export interface SampleVariable {
  name: string
  position: number
  component: string
  example: string | null
}

export const upper = (value: unknown): string => String(value ?? '').toUpperCase()

/** The first part of this type. */
export const partOf = (components: readonly Component[], type: string): Component | undefined =>
  components.find(component => upper(component.type) === type)

/** Lists of parts inside a part: its buttons, or the cards of a carousel. */
export const partsIn = (component: Component | undefined, name: 'buttons' | 'cards'): Component[] => {
  const parts = component?.[name]
  return Array.isArray(parts) ? parts.filter(part => typeof part === 'object' && part !== null) : []
}

/** Text of a part with the sample of each variable in its place; one without a sample stays as it is written. */
export function sampleText(component: Component | undefined, variables: readonly SampleVariable[]): string | null {
  const text = component?.text
  if (typeof text !== 'string') return null
  const type = upper(component?.type)
  const own = variables.filter(variable => upper(variable.component) === type)
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, placeholder: string) => {
    const isCounted = /^\d+$/.test(placeholder)
    const variable = own.find(({ name, position }) => (isCounted ? position === Number(placeholder) : name === placeholder))
    return variable?.example ?? exampleIn(component?.example, placeholder) ?? whole
  })
}

/** Sample in Meta's form, which is all that the cards of a carousel have. */
function exampleIn(example: unknown, placeholder: string): string | null {
  if (typeof example !== 'object' || example === null) return null
  const { header_text: header, body_text: body, ...named } = example as Record<string, unknown>
  const counted = Array.isArray(header) ? header : Array.isArray(body) && Array.isArray(body[0]) ? body[0] : []
  const byName = Object.values(named)
    .flat()
    .find(one => (one as { param_name?: unknown } | null)?.param_name === placeholder) as { example?: unknown } | undefined
  const value = byName?.example ?? counted[Number(placeholder) - 1]
  return typeof value === 'string' ? value : null
}
