interface Variable {
  name: string
  position: number
  description: string | null
  example: string | null
  component: string
}

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g

/**
 * What the texts of a template leave open, in their order. A variable that stands where one stood before keeps the name and
 * the description that people gave it.
 */
export function variablesOf(
  components: readonly Record<string, unknown>[],
  before: readonly Variable[],
): { variables: Variable[]; parameterFormat: 'POSITIONAL' | 'NAMED' } {
  const found = components.flatMap(component =>
    placeholdersOf(component).map(one => ({ ...one, component: String(component.type) })),
  )
  const variables = found.map(({ name, position, component }): Variable => {
    const kept = before.find(variable => variable.component === component && variable.position === position)
    const isSame = kept && (/^\d+$/.test(name) || kept.name === name)
    return isSame ? kept : { name, position, description: null, example: null, component }
  })
  return { variables, parameterFormat: found.some(({ name }) => !/^\d+$/.test(name)) ? 'NAMED' : 'POSITIONAL' }
}

/** Each name once: a text may use a variable twice. */
function placeholdersOf({ text }: Record<string, unknown>): { name: string; position: number }[] {
  const names = typeof text === 'string' ? [...text.matchAll(PLACEHOLDER)].map(match => match[1] as string) : []
  return [...new Set(names)].map((name, i) => ({ name, position: /^\d+$/.test(name) ? Number(name) : i + 1 }))
}
