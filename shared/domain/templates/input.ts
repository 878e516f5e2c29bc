type Json = Record<string, unknown>

/** One text of a template, or one button, as the CRM module writes it. */
export interface InputPart extends Json {
  type?: string | undefined
  text?: string | undefined
}

/** A template's content in one of three forms: Meta's own, lists of parts, or three texts. */
export interface TemplateInput {
  components?: readonly Json[] | undefined
  componentsJson?:
    | {
        header?: readonly InputPart[] | undefined
        body?: readonly InputPart[] | undefined
        footer?: readonly InputPart[] | undefined
        buttons?: readonly InputPart[] | undefined
      }
    | undefined
  header?: string | null | undefined
  body?: string | undefined
  footer?: string | null | undefined
}

/** Paths under which the caller wrote a part, so that an error can name the field. */
export interface Place {
  /** Path of the part itself. */
  base: string
  text: string
  /** Path of the list of its buttons. */
  buttons: string
}

/** Template content in Meta's form, with types in upper case; `places[i]` belongs to `components[i]`. */
export interface NormalContent {
  components: Json[]
  places: Place[]
  /** Whether the caller used Meta's own form, which carries its examples itself. */
  isMetaForm: boolean
}

/** The content in Meta's form; null when the input holds none. If several forms are given, the most detailed one counts. */
export function normalContent(input: TemplateInput): NormalContent | null {
  if (input.components !== undefined) return metaForm(input.components)
  if (input.componentsJson !== undefined) return partsForm(input.componentsJson)
  return input.body === undefined ? null : textsForm(input)
}

/** Number of forms that the caller used; more than one is a contradiction. */
export const formsGiven = ({ components, componentsJson, header, body, footer }: TemplateInput): number =>
  [components, componentsJson, header ?? body ?? footer].filter(form => form !== undefined && form !== null).length

function metaForm(given: readonly Json[]): NormalContent {
  const places = given.map((_, i) => placeOf(`components.${i}`))
  return { components: given.map(upperCased), places, isMetaForm: true }
}

const placeOf = (base: string): Place => ({ base, text: `${base}.text`, buttons: `${base}.buttons` })

function upperCased({ type, format, buttons, ...rest }: Json): Json {
  return {
    type: upper(type),
    ...(format !== undefined && { format: upper(format) }),
    ...(format === undefined && upper(type) === 'HEADER' && { format: 'TEXT' }),
    ...rest,
    ...(buttons !== undefined && { buttons: listOf(buttons).map(upperButton) }),
  }
}

const upperButton = (button: Json): Json => ({ ...button, type: upper(button.type) })

function partsForm({ header, body, footer, buttons }: NonNullable<TemplateInput['componentsJson']>): NormalContent {
  const found: [Json, Place][] = []
  const add = (name: string, component: Json | null) => {
    const base = `componentsJson.${name}`
    if (component) found.push([component, { base, text: `${base}.0.text`, buttons: base }])
  }
  add('header', header?.[0] ? headerOf(header[0]) : null)
  add('body', body ? { type: 'BODY', ...textOf(body) } : null)
  add('footer', footer?.[0] ? { type: 'FOOTER', ...textOf(footer) } : null)
  add('buttons', buttons?.length ? { type: 'BUTTONS', buttons: buttons.map(upperButton) } : null)
  return { components: found.map(([component]) => component), places: found.map(([, place]) => place), isMetaForm: false }
}

/** Header component; the part's type is the kind of file, as in Meta's parameters. */
function headerOf({ type, text, ...rest }: InputPart): Json {
  const format = type === undefined ? 'TEXT' : upper(type)
  return { type: 'HEADER', format, ...(text !== undefined && { text }), ...rest }
}

/** One text, with each part on a line of its own. */
const textOf = (parts: readonly InputPart[]): Json => ({ text: parts.map(({ text }) => text ?? '').join('\n') })

function textsForm({ header, body, footer }: TemplateInput): NormalContent {
  const found: [Json, string][] = []
  if (header) found.push([{ type: 'HEADER', format: 'TEXT', text: header }, 'header'])
  found.push([{ type: 'BODY', text: body }, 'body'])
  if (footer) found.push([{ type: 'FOOTER', text: footer }, 'footer'])
  const places = found.map(([, name]) => ({ base: name, text: name, buttons: name }))
  return { components: found.map(([component]) => component), places, isMetaForm: false }
}

const upper = (value: unknown): string => String(value ?? '').toUpperCase()
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : [])
