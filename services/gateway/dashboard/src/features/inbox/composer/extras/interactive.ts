/** What Meta allows in a message with a choice. */
export const LIMITS = {
  ...{ body: 1024, listBody: 4096, header: 60, footer: 60, buttons: 3, button: 20 },
  ...{ rows: 10, row: 24, description: 72, open: 20 },
} as const

export interface Choice {
  kind: 'button' | 'list'
  header: string
  body: string
  footer: string
  /** Up to three, or up to ten rows. Empty ones are left out. */
  options: { title: string; description: string }[]
  /** Word of the button that opens the list. */
  open: string
}

export type ChoiceProblem = 'missing' | 'long' | 'same'

/** What is wrong, by field: `body`, `header`, `footer`, `open`, `options`, or `option.2`, `description.2` (from 0). */
export function problemsOf({ kind, header, body, footer, options, open }: Choice): Record<string, ChoiceProblem> {
  const isList = kind === 'list'
  const given = options.map(({ title }) => title.trim())
  const problems: [string, ChoiceProblem | null][] = [
    ['body', body.trim() === '' ? 'missing' : tooLong(body, isList ? LIMITS.listBody : LIMITS.body)],
    ['header', tooLong(header, LIMITS.header)],
    ['footer', tooLong(footer, LIMITS.footer)],
    ['open', isList ? (open.trim() === '' ? 'missing' : tooLong(open, LIMITS.open)) : null],
    ['option.0', given.every(title => title === '') ? 'missing' : null],
  ]
  for (const [i, { title, description }] of options.entries()) {
    const isSame = !isList && given[i] !== '' && given.indexOf(given[i] as string) < i
    const isAlone = title.trim() === '' && description.trim() !== ''
    problems.push([`option.${i}`, isAlone ? 'missing' : isSame ? 'same' : tooLong(title, isList ? LIMITS.row : LIMITS.button)])
    if (isList) problems.push([`description.${i}`, tooLong(description, LIMITS.description)])
  }
  return Object.fromEntries(problems.filter((one): one is [string, ChoiceProblem] => one[1] !== null))
}

const tooLong = (text: string, most: number): ChoiceProblem | null => (text.trim().length > most ? 'long' : null)

/** The choice in Meta's form. The ids are what the customer's answer names: they say nothing to anybody. */
export function interactiveOf({ kind, header, body, footer, options, open }: Choice): Record<string, unknown> {
  const given = options
    .map(({ title, description }) => ({ title: title.trim(), description: description.trim() }))
    .filter(({ title }) => title !== '')
  const parts = {
    type: kind,
    ...(header.trim() && { header: { type: 'text', text: header.trim() } }),
    body: { text: body.trim() },
    ...(footer.trim() && { footer: { text: footer.trim() } }),
  }
  if (kind === 'button')
    return {
      ...parts,
      action: { buttons: given.map(({ title }, i) => ({ type: 'reply', reply: { id: `option_${i + 1}`, title } })) },
    }
  const rows = given.map(({ title, description }, i) => ({ id: `option_${i + 1}`, title, ...(description && { description }) }))
  return { ...parts, action: { button: open.trim(), sections: [{ rows }] } }
}
