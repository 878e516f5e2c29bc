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

/** Where the caller wrote a part, so that an error can name it. */
export interface Place {
  /** Of the part itself. */
  base: string
  text: string
  /** Of the list of its buttons. */
  buttons: string
}

/** Meta's form, its words in upper case; `places[i]` belongs to `components[i]`. */
export interface NormalContent {
  components: Json[]
  places: Place[]
  /** Meta's own form, which carries its examples itself. */
  isMetaForm: boolean
}

/** Null when the input holds no content at all. Of several forms the fullest counts: callers are asked for one. */
export function normalContent(input: TemplateInput): NormalContent | null {
  if (input.components !== undefined) return metaForm(input.components)
  if (input.componentsJson !== undefined) return partsForm(input.componentsJson)
  return input.body === undefined ? null : textsForm(input)
}

/** How many of the three forms are given: more than one contradict each other. */
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

/** A file's kind stands as the part's type, as Meta's parameters have it. */
function headerOf({ type, text, ...rest }: InputPart): Json {
  const format = type === undefined ? 'TEXT' : upper(type)
  return { type: 'HEADER', format, ...(text !== undefined && { text }), ...rest }
}

/** Several parts are lines of one text. */
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
