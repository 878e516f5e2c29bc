import { isCounted, isReservedName, placeholdersOf } from './slots.ts'

export interface TemplateVariable {
  name: string
  position: number
  description: string | null
  example: string | null
  component: string
}

/** A caller's description of a variable, found by its position, or by its name where the template names its variables. */
export interface GivenVariable {
  position?: number | undefined
  name?: string | undefined
  description?: string | null | undefined
  example?: string | null | undefined
  /** Type of the component that holds the variable; BODY by default. */
  component?: string | undefined
}

type Component = Record<string, unknown>
type Format = 'POSITIONAL' | 'NAMED'

/**
 * Variables of a template's texts, in their order. A variable in the place of an earlier one keeps the name and the
 * description that people gave it.
 */
export function variablesOf(
  components: readonly Component[],
  before: readonly TemplateVariable[],
): { variables: TemplateVariable[]; parameterFormat: Format } {
  const found = components.flatMap(component =>
    openOf(component).map(one => ({ ...one, component: String(component.type), example: exampleOf(component, one) })),
  )
  const variables = found.map(({ name, position, component, example }): TemplateVariable => {
    const kept = before.find(variable => variable.component === component && variable.position === position)
    const isSame = kept && (isCounted(name) || kept.name === name)
    return isSame ? { ...kept, example: example ?? kept.example } : { name, position, description: null, example, component }
  })
  return { variables, parameterFormat: found.some(({ name }) => !isCounted(name)) ? 'NAMED' : 'POSITIONAL' }
}

/** The variables with the caller's names, descriptions and examples; the description of an unknown variable is a problem. */
export function describeVariables(
  variables: readonly TemplateVariable[],
  parameterFormat: Format,
  given: readonly GivenVariable[],
): { variables: TemplateVariable[]; problems: { path: string; message: string }[] } {
  const described = variables.map(variable => ({ ...variable }))
  const problems: { path: string; message: string }[] = []
  for (const [i, { name, position, description, example, component = 'BODY' }] of given.entries()) {
    const own = described.filter(variable => variable.component === component.toUpperCase())
    const at = position ?? i + 1
    const meant = own.find(variable => (parameterFormat === 'NAMED' ? variable.name === name : variable.position === at))
    if (meant === undefined) problems.push({ path: `variables.${i}`, message: 'This template has no such variable.' })
    else {
      if (name !== undefined && isTaken(name, meant, parameterFormat))
        problems.push({
          path: `variables.${i}.name`,
          message: `${name} stands for another place of the template. Choose another name.`,
        })
      else if (name !== undefined) meant.name = name
      if (description !== undefined) meant.description = description
      if (example !== undefined) meant.example = example
    }
  }
  for (const { name, component } of described)
    if (described.filter(other => other.name === name && other.component === component).length > 1)
      problems.push({ path: 'variables', message: `Two variables are called ${name}. Give each a name of its own.` })
  return { variables: described, problems }
}

/** Whether a name means something else in a send: a number another variable, `header` or `button_1` a place of the template. */
function isTaken(name: string, { position, component, name: own }: TemplateVariable, format: Format): boolean {
  if (format === 'NAMED' || name === own) return false
  return isCounted(name) ? Number(name) !== position : component === 'BODY' && isReservedName(name)
}

/** The components, with missing examples added from the variables; with `orName` a variable's name serves as its example. */
export function withExamples(
  components: readonly Component[],
  variables: readonly TemplateVariable[],
  { orName }: { orName: boolean },
): Component[] {
  return components.map(component => {
    const names = placeholdersOf(component.text)
    const type = String(component.type)
    if (names.length === 0 || component.example !== undefined || (type !== 'HEADER' && type !== 'BODY')) return component
    const own = variables.filter(variable => variable.component === type)
    const samples = names.map((placeholder, i) => {
      const variable = own.find(({ name, position }) =>
        isCounted(placeholder) ? position === Number(placeholder) : name === placeholder,
      )
      const spoken =
        orName && variable && !isCounted(variable.name) && !isReservedName(variable.name)
          ? variable.name.replaceAll('_', ' ')
          : null
      return { placeholder: names[i] as string, sample: variable?.example ?? spoken }
    })
    return samples.every(({ sample }) => sample !== null) ? { ...component, example: exampleFor(type, samples) } : component
  })
}

function exampleFor(type: string, samples: { placeholder: string; sample: string | null }[]): Component {
  const text = type === 'BODY' ? 'body_text' : 'header_text'
  if (samples.every(({ placeholder }) => isCounted(placeholder))) {
    const row = samples.map(({ sample }) => sample)
    return { [text]: type === 'BODY' ? [row] : row }
  }
  return { [`${text}_named_params`]: samples.map(({ placeholder, sample }) => ({ param_name: placeholder, example: sample })) }
}

/** Variables of a component, each once: a text may use a variable twice. */
function openOf({ text }: Component): { name: string; position: number }[] {
  return placeholdersOf(text ?? '').map((name, i) => ({ name, position: isCounted(name) ? Number(name) : i + 1 }))
}

/** Example of a variable in Meta's form of the component; null without one. */
function exampleOf({ type, example }: Component, { name, position }: { name: string; position: number }): string | null {
  const given = objectOf(example)
  const text = type === 'BODY' ? 'body_text' : 'header_text'
  const named = listOf(given[`${text}_named_params`]).map(objectOf)
  const [first] = listOf(given.body_text)
  const row = type === 'BODY' ? listOf(first) : listOf(given.header_text)
  const found = isCounted(name) ? row[position - 1] : named.find(({ param_name }) => param_name === name)?.example
  return typeof found === 'string' ? found : null
}

const objectOf = (value: unknown): Component => (typeof value === 'object' && value !== null ? (value as Component) : {})
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
