import { isCounted } from '#shared/domain/templates/slots.ts'
import { type Component, partsIn, upper } from '../../../lib/templates/sample-text.ts'
import type { Template } from '../data.ts'
import { BUTTON_KINDS, type ButtonDraft, componentsOf, type Draft, EMPTY, HEADERS, keyOf, slotsOf, variablesOf } from './draft.ts'

/** What each part may have that the form shows; a template with anything else would lose it. */
const MEMBERS: Record<string, readonly string[]> = {
  HEADER: ['type', 'format', 'text', 'example'],
  BODY: ['type', 'text', 'example'],
  FOOTER: ['type', 'text'],
  BUTTONS: ['type', 'buttons'],
  QUICK_REPLY: ['type', 'text'],
  URL: ['type', 'text', 'url', 'example'],
  PHONE_NUMBER: ['type', 'text', 'phone_number'],
  COPY_CODE: ['type', 'text', 'example'],
}

/** A template as the form holds it; null when it has parts that the form does not show, such as a carousel. */
export function draftOf(template: Template): Draft | null {
  const { name, language, category, components } = template
  const own = { ...EMPTY, name, language, category }
  if (category === 'AUTHENTICATION') return withCode(own, components)
  const parts = new Map(components.map(component => [upper(component.type), component]))
  if (parts.size < components.length || !components.every(component => isShown(component, component.type))) return null
  const buttons = partsIn(parts.get('BUTTONS'), 'buttons')
  if (!buttons.every(button => isShown(button, button.type))) return null
  const header = headerOf(parts.get('HEADER'))
  const body = parts.get('BODY')?.text
  const footer = parts.get('FOOTER')?.text
  if (header === null || typeof body !== 'string') return null
  const texts = { ...own, header, body, footer: typeof footer === 'string' ? footer : '', buttons: buttons.map(buttonOf) }
  return { ...texts, variables: namesOf(texts, template) }
}

const isShown = (part: Component, type: unknown): boolean =>
  Object.keys(part).every(member => MEMBERS[upper(type)]?.includes(member) ?? false)

function headerOf(header: Component | undefined): Draft['header'] | null {
  if (header === undefined) return EMPTY.header
  const kind = HEADERS.find(one => one === upper(header.format))
  // Meta gives the sample's address and takes a file: it is chosen again.
  return kind === undefined ? null : { kind, text: typeof header.text === 'string' ? header.text : '', file: null }
}

function buttonOf(button: Component): ButtonDraft {
  const kind = BUTTON_KINDS.find(one => one === upper(button.type)) ?? 'QUICK_REPLY'
  const [sample] = [button.example].flat()
  const target = kind === 'URL' ? button.url : button.phone_number
  return {
    key: crypto.randomUUID(),
    kind,
    text: kind === 'COPY_CODE' ? '' : String(button.text ?? ''),
    target: String(target ?? ''),
    sample: typeof sample === 'string' ? sample : '',
  }
}

/** Names and samples of the variables, by the places of the texts. */
function namesOf(draft: Draft, { variables }: Template): Draft['variables'] {
  return Object.fromEntries(
    slotsOf(draft).map(slot => {
      const own = variables.filter(({ component }) => upper(component) === slot.component)
      const counted = isCounted(slot.placeholder)
      const found = own.find(({ name, position }) =>
        counted ? position === Number(slot.placeholder) : name === slot.placeholder,
      )
      const isNamed = counted && slot.component === 'BODY' && found !== undefined && !isCounted(found.name)
      return [keyOf(slot), { name: isNamed ? found.name : '', sample: found?.example ?? '' }]
    }),
  )
}

/** A template of a code, whose texts are Meta's; null for one whose button is not that of this form. */
function withCode(draft: Draft, components: readonly Component[]): Draft | null {
  const part = (type: string) => components.find(component => upper(component.type) === type)
  const [button, ...more] = partsIn(part('BUTTONS'), 'buttons')
  const copies = upper(button?.otp_type) === 'COPY_CODE' || /[?&]otp_type=COPY_CODE/.test(String(button?.url ?? ''))
  if (!copies || more.length > 0 || part('HEADER')) return null
  const minutes = part('FOOTER')?.code_expiration_minutes
  const withAdvice = part('BODY')?.add_security_recommendation === true
  return { ...draft, code: { withAdvice, minutes: minutes === undefined ? '' : String(minutes) } }
}

/** What a draft changes of what Meta has: members of `PATCH /templates/{id}`; none where nothing is another. */
export function changesOf(before: Draft, now: Draft): Record<string, unknown> {
  const isSame = (read: (draft: Draft) => unknown) => JSON.stringify(read(before)) === JSON.stringify(read(now))
  const hasContent = !isSame(componentsOf) || !isSame(samplesOf)
  return {
    ...(now.category !== before.category && { category: now.category }),
    ...(hasContent && { components: componentsOf(now), variables: variablesOf(now) }),
    ...(!hasContent && !isSame(variablesOf) && { variables: variablesOf(now) }),
  }
}

const samplesOf = (draft: Draft) => slotsOf(draft).map(slot => draft.variables[keyOf(slot)]?.sample.trim() ?? '')
