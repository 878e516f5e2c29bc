/** Fields of a template that are needed to fill it, with the components in Meta's form. */
export interface FillableTemplate {
  components: readonly Record<string, unknown>[]
  parameterFormat: 'POSITIONAL' | 'NAMED'
  variables: readonly { name: string; position: number; component: string }[]
}

export interface HeaderMedia {
  id?: string
  link?: string
  filename?: string
}

export type Fill =
  | { kind: 'filled'; components: Record<string, unknown>[]; text: string | null; variables: Record<string, string> }
  /** Each problem has the path of its field and a whole sentence. */
  | { kind: 'wrong'; problems: { path: string; message: string }[] }

interface Slot {
  /** Names under which a caller may give the value; the first one is shown. */
  names: string[]
  placeholder: string
}

const MEDIA_FORMATS = ['IMAGE', 'VIDEO', 'DOCUMENT']
/** Most characters of a body text with its variables filled in. */
export const MAX_BODY_LENGTH = 1024
/** Most characters of an authentication code. */
export const MAX_CODE_LENGTH = 15
const FILLABLE_TYPES = ['HEADER', 'BODY', 'FOOTER', 'BUTTONS', 'LIMITED_TIME_OFFER']

/**
 * Fills a template with the caller's variables, given by name or by position (`{"1": …}` is the body's first). Meta refuses
 * missing and surplus variables (132000), and values with a new line, a tab or more than four spaces in a row (132018). The
 * variable of a button is called `button_<index>`, that of a header `header`, unless the template names it.
 */
export function fillTemplate(
  template: FillableTemplate,
  given: Readonly<Record<string, string>>,
  headerMedia?: HeaderMedia,
): Fill {
  const problems: { path: string; message: string }[] = []
  const used = new Set<string>()
  const variables: Record<string, string> = {}

  function take(slot: Slot): string {
    const name = slot.names.find(one => Object.hasOwn(given, one))
    const shown = slot.names[0] as string
    if (name === undefined) {
      problems.push({ path: `variables.${shown}`, message: 'This variable is missing.' })
      return ''
    }
    used.add(name)
    const value = given[name] as string
    const problem = valueProblem(value)
    if (problem) problems.push({ path: `variables.${name}`, message: problem })
    variables[shown] = value
    return value
  }

  const named = template.parameterFormat === 'NAMED'
  const parameter = (slot: Slot) => ({
    type: 'text',
    text: take(slot),
    ...(named && { parameter_name: slot.placeholder }),
  })
  const components: Record<string, unknown>[] = []
  let text: string | null = null
  for (const component of template.components) {
    const type = String(component.type ?? '').toUpperCase()
    if (!FILLABLE_TYPES.includes(type))
      problems.push({
        path: 'templateName',
        message: `A template with a ${type} component can only be sent with POST /messages.`,
      })
    if (type === 'HEADER') components.push(...headerOf(component, template, parameter, headerMedia, problems))
    if (type === 'BODY') {
      const slots = slotsOf(bodyText(component), 'BODY', template)
      if (slots.length > 0) components.push({ type: 'body', parameters: slots.map(parameter) })
      text = hydrate(component.text, 'BODY', template, given)
      if (text !== null && text.length > MAX_BODY_LENGTH)
        problems.push({
          path: 'variables',
          message: `The filled text has ${text.length} characters; WhatsApp accepts at most ${MAX_BODY_LENGTH}.`,
        })
    }
    if (type === 'BUTTONS') components.push(...buttonsOf(component, take, given, used, problems))
  }
  if (headerMedia && !template.components.some(hasMediaHeader))
    problems.push({ path: 'headerMedia', message: 'This template has no media header.' })
  for (const name of Object.keys(given))
    if (!used.has(name)) problems.push({ path: `variables.${name}`, message: 'This template has no such variable.' })
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'filled', components, text, variables }
}

const hasMediaHeader = (component: Record<string, unknown>) =>
  String(component.type).toUpperCase() === 'HEADER' && MEDIA_FORMATS.includes(String(component.format).toUpperCase())

function headerOf(
  component: Record<string, unknown>,
  template: FillableTemplate,
  parameter: (slot: Slot) => Record<string, unknown>,
  media: HeaderMedia | undefined,
  problems: { path: string; message: string }[],
): Record<string, unknown>[] {
  const format = String(component.format ?? 'TEXT').toUpperCase()
  if (format === 'TEXT') {
    const slots = slotsOf(component.text, 'HEADER', template)
    return slots.length > 0 ? [{ type: 'header', parameters: slots.map(parameter) }] : []
  }
  if (!MEDIA_FORMATS.includes(format)) {
    problems.push({ path: 'templateName', message: `A template with a ${format} header can only be sent with POST /messages.` })
    return []
  }
  if (media === undefined) {
    problems.push({ path: 'headerMedia', message: `This template needs a header file of type ${format.toLowerCase()}.` })
    return []
  }
  const kind = format.toLowerCase()
  if (media.filename !== undefined && kind !== 'document')
    problems.push({ path: 'headerMedia.filename', message: 'Only a document can have a filename.' })
  return [{ type: 'header', parameters: [{ type: kind, [kind]: media }] }]
}

/** Button components. Only addresses with a variable and codes take a value; an authentication code is the body's too. */
function buttonsOf(
  component: Record<string, unknown>,
  take: (slot: Slot) => string,
  given: Readonly<Record<string, string>>,
  used: Set<string>,
  problems: { path: string; message: string }[],
): Record<string, unknown>[] {
  const buttons = Array.isArray(component.buttons) ? (component.buttons as Record<string, unknown>[]) : []
  return buttons.flatMap((button, i): Record<string, unknown>[] => {
    const names = [`button_${i}`]
    const type = String(button.type).toUpperCase()
    if (type === 'OTP') {
      const code = [...names, ...used].find(name => Object.hasOwn(given, name))
      const text = code === undefined ? '' : (given[code] as string)
      if (code !== undefined) used.add(code)
      if (text.length > MAX_CODE_LENGTH)
        problems.push({ path: `variables.${code}`, message: `A code can have at most ${MAX_CODE_LENGTH} characters.` })
      return [{ type: 'button', sub_type: 'url', index: String(i), parameters: [{ type: 'text', text }] }]
    }
    if (type === 'COPY_CODE') {
      const parameter = { type: 'coupon_code', coupon_code: take({ names, placeholder: '1' }) }
      return [{ type: 'button', sub_type: 'copy_code', index: String(i), parameters: [parameter] }]
    }
    if (type !== 'URL' || placeholdersOf(button.url).length === 0) return []
    const parameter = { type: 'text', text: take({ names, placeholder: '1' }) }
    return [{ type: 'button', sub_type: 'url', index: String(i), parameters: [parameter] }]
  })
}

/** Variables of one text, in the order in which Meta counts them. */
function slotsOf(text: unknown, component: string, template: FillableTemplate): Slot[] {
  return placeholdersOf(text).map(placeholder => {
    const declared = template.variables.find(
      variable =>
        variable.component.toUpperCase() === component &&
        (variable.name === placeholder || String(variable.position) === placeholder),
    )
    const byPosition = component === 'BODY' ? [placeholder] : ['header']
    return { names: [...new Set([...(declared ? [declared.name] : []), ...byPosition])], placeholder }
  })
}

/** Body text; that of an authentication template is Meta's own, with the code as its only variable. */
export const bodyText = ({ text }: Record<string, unknown>): unknown => text ?? '{{1}}'

/** Names of the variables in a text, each once, in the order in which Meta counts them. */
export function placeholdersOf(text: unknown): string[] {
  const found = [...String(text ?? '').matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(match => match[1] as string)
  const unique = [...new Set(found)]
  return unique.every(name => /^\d+$/.test(name)) ? unique.toSorted((a, b) => Number(a) - Number(b)) : unique
}

/** The text as the recipient reads it, for lists, search and the conversation; a variable without a value stays as it is. */
export function hydrate(
  text: unknown,
  component: string,
  template: FillableTemplate,
  given: Readonly<Record<string, string>>,
): string | null {
  if (typeof text !== 'string') return null
  const values = new Map<string, string>()
  for (const { names, placeholder } of slotsOf(text, component, template)) {
    const name = names.find(one => Object.hasOwn(given, one))
    if (name !== undefined) values.set(placeholder, given[name] as string)
  }
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, placeholder: string) => values.get(placeholder) ?? whole)
}

function valueProblem(value: string): string | null {
  if (value.trim() === '') return 'This variable is empty.'
  if (/[\n\r\t]/.test(value)) return 'This variable contains a line break or a tab, which WhatsApp refuses.'
  return / {5}/.test(value) ? 'This variable contains more than four spaces in a row, which WhatsApp refuses.' : null
}
