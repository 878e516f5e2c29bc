import { isCounted, placeholdersOf } from '#shared/domain/templates/slots.ts'
import type { Component, SampleVariable } from '../../../lib/templates/sample-text.ts'
import type { Category } from '../search.ts'

export const HEADERS = ['NONE', 'TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'LOCATION'] as const
export type HeaderKind = (typeof HEADERS)[number]
export const BUTTON_KINDS = ['QUICK_REPLY', 'URL', 'PHONE_NUMBER', 'COPY_CODE'] as const
export type ButtonKind = (typeof BUTTON_KINDS)[number]

export interface ButtonDraft {
  /** Tells one from another while they are moved. */
  key: string
  kind: ButtonKind
  text: string
  /** Address of a link, number of a call. */
  target: string
  /** Of an address with a variable, or of a coupon. */
  sample: string
}

/** A template while it is written. */
export interface Draft {
  name: string
  language: string
  category: Category
  header: { kind: HeaderKind; text: string; file: { id: string; name: string } | null }
  body: string
  footer: string
  buttons: readonly ButtonDraft[]
  /** What people call a variable, and its sample, by `keyOf`. */
  variables: Readonly<Record<string, { name: string; sample: string }>>
  /** Of an authentication template, whose text is Meta's. */
  code: { withAdvice: boolean; minutes: string }
}

export const EMPTY: Draft = {
  ...{ name: '', language: 'en_US', category: 'UTILITY', body: '', footer: '', buttons: [], variables: {} },
  header: { kind: 'NONE', text: '', file: null },
  code: { withAdvice: true, minutes: '10' },
}

/** A variable in a text of the draft. */
export interface Slot {
  component: 'HEADER' | 'BODY'
  placeholder: string
}

export const keyOf = ({ component, placeholder }: Slot): string => `${component} ${placeholder}`

/** Variables of the header and the body, each once, in their order. */
export function slotsOf({ category, header, body }: Draft): Slot[] {
  if (category === 'AUTHENTICATION') return []
  const of = (component: Slot['component'], text: string) => placeholdersOf(text).map(placeholder => ({ component, placeholder }))
  return [...(header.kind === 'TEXT' ? of('HEADER', header.text) : []), ...of('BODY', body)]
}

/** The text with one more variable, at a place of it. @returns where the cursor goes, too */
export function withVariable(text: string, at: number): { text: string; cursor: number } {
  const taken = placeholdersOf(text).filter(isCounted).map(Number)
  const added = `{{${Math.max(0, ...taken) + 1}}}`
  return { text: text.slice(0, at) + added + text.slice(at), cursor: at + added.length }
}

/** A name as Meta takes it, while it is typed: small letters, no accents, lines for what is between words. */
export const asName = (typed: string): string =>
  typed
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[\s-]+/g, '_')

/** With one more button: quick replies stand together, before all others. */
export function withButton(buttons: readonly ButtonDraft[], kind: ButtonKind): ButtonDraft[] {
  const added = { key: crypto.randomUUID(), kind, text: '', target: '', sample: '' }
  const isReply = (one: ButtonDraft) => one.kind === 'QUICK_REPLY'
  const all = [...buttons, added]
  return [...all.filter(isReply), ...all.filter(one => !isReply(one))]
}

/** The draft's parts in Meta's form, without samples of texts: those stand with the variables. */
export function componentsOf(draft: Draft): Component[] {
  const { category, header, body, footer, buttons, code } = draft
  if (category === 'AUTHENTICATION')
    return [
      { type: 'BODY', add_security_recommendation: code.withAdvice },
      { type: 'FOOTER', ...(code.minutes.trim() && { code_expiration_minutes: Number(code.minutes) }) },
      { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
    ]
  return [
    ...headerOf(header),
    { type: 'BODY', text: body },
    ...(footer ? [{ type: 'FOOTER', text: footer }] : []),
    ...(buttons.length > 0 ? [{ type: 'BUTTONS', buttons: buttons.map(buttonOf) }] : []),
  ]
}

function headerOf({ kind, text, file }: Draft['header']): Component[] {
  if (kind === 'NONE') return []
  if (kind === 'TEXT') return [{ type: 'HEADER', format: 'TEXT', text }]
  return [{ type: 'HEADER', format: kind, ...(file && { example: { header_handle: [file.id] } }) }]
}

function buttonOf({ kind, text, target, sample }: ButtonDraft): Component {
  const example = sample.trim()
  switch (kind) {
    case 'QUICK_REPLY':
      return { type: kind, text }
    case 'URL':
      return { type: kind, text, url: target.trim(), ...(placeholdersOf(target).length > 0 && example && { example: [example] }) }
    case 'PHONE_NUMBER':
      return { type: kind, text, phone_number: target.trim() }
    case 'COPY_CODE':
      return { type: kind, ...(example && { example }) }
  }
}

/** The variables as the API takes them; a number that nobody named keeps itself as its name. */
export function variablesOf(draft: Draft): object[] {
  return slotsOf(draft).map(slot => {
    const { name = '', sample = '' } = draft.variables[keyOf(slot)] ?? {}
    const example = sample.trim() === '' ? {} : { example: sample.trim() }
    const { component, placeholder } = slot
    if (!isCounted(placeholder)) return { name: placeholder, component, ...example }
    return { position: Number(placeholder), component, ...(name.trim() && { name: name.trim() }), ...example }
  })
}

/** The parts as the preview shows them: a button has its place before it has words. */
export const previewComponents = (draft: Draft): Component[] =>
  componentsOf({ ...draft, buttons: draft.buttons.map(button => ({ ...button, text: button.text || '…' })) })

/** The variables as the preview takes them. */
export const previewVariables = (draft: Draft): SampleVariable[] =>
  slotsOf(draft).map((slot, i) => {
    const { component, placeholder } = slot
    const position = isCounted(placeholder) ? Number(placeholder) : i + 1
    return { name: placeholder, position, component, example: draft.variables[keyOf(slot)]?.sample.trim() || null }
  })

/** Body of `POST /templates`. */
export const inputOf = (draft: Draft) => ({
  ...{ name: draft.name, language: draft.language, category: draft.category },
  components: componentsOf(draft),
  variables: variablesOf(draft),
})
