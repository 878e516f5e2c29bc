import { bodyText, type FillableTemplate, MAX_BODY_LENGTH, MAX_CODE_LENGTH, placeholdersOf } from './fill.ts'

interface Given {
  type: string
  sub_type?: string | undefined
  index?: string | number | undefined
  parameters?: readonly GivenParameter[] | undefined
}
type GivenParameter = { type: string; parameter_name?: string | undefined; text?: string | undefined }
type Problem = { path: string; message: string }
type Component = Record<string, unknown>

/**
 * Problems for which Meta would refuse a template send in its own form: a wrong number of parameters (132000), a parameter of
 * the wrong type or name (132012), a filled text that is too long (132005), a missing or unknown button.
 */
export function parameterProblems(template: FillableTemplate, given: readonly Given[]): Problem[] {
  return [
    ...template.components.flatMap(component => {
      const type = upper(component.type)
      if (type !== 'HEADER' && type !== 'BODY') return []
      const path = `template.components.${type.toLowerCase()}`
      const parameters = given.find(one => upper(one.type) === type)?.parameters ?? []
      const format = upper(component.format ?? 'TEXT')
      if (type === 'HEADER' && format !== 'TEXT') return formatProblems(path, format, parameters)
      return textProblems(path, type === 'BODY' ? bodyText(component) : component.text, template, parameters)
    }),
    ...codeProblems(template, given),
    ...buttonProblems(template, given),
  ]
}

function formatProblems(path: string, format: string, parameters: readonly GivenParameter[]): Problem[] {
  const problem = countProblem(path, parameters.length, 1)
  if (problem.length > 0) return problem
  const wanted = format === 'GIF' ? 'VIDEO' : format
  return upper(parameters[0]?.type) === wanted
    ? []
    : [{ path, message: `The header takes a parameter of type ${wanted.toLowerCase()}.` }]
}

function textProblems(
  path: string,
  text: unknown,
  { parameterFormat }: FillableTemplate,
  parameters: readonly GivenParameter[],
): Problem[] {
  const names = placeholdersOf(text)
  const wrongNumber = countProblem(path, parameters.length, names.length)
  if (wrongNumber.length > 0) return wrongNumber
  const problems = parameters.flatMap(({ type, parameter_name: name }, i): Problem[] => {
    if (!TEXTS.has(type.toLowerCase()))
      return [{ path: `${path}.${i}`, message: 'This parameter must be of type text, currency or date_time.' }]
    const isNamed = parameterFormat === 'NAMED'
    if (isNamed && !names.includes(name ?? ''))
      return [{ path: `${path}.${i}.parameter_name`, message: `The name must be one of ${names.join(', ')}.` }]
    return !isNamed && name !== undefined
      ? [{ path: `${path}.${i}.parameter_name`, message: 'The variables of this template are numbered: leave the name out.' }]
      : []
  })
  const length =
    String(text ?? '').replace(/\{\{\s*\w+\s*\}\}/g, '').length +
    parameters.reduce((sum, { text: own = '' }) => sum + own.length, 0)
  return length > MAX_BODY_LENGTH
    ? [...problems, { path, message: `The filled text has ${length} characters; WhatsApp accepts at most ${MAX_BODY_LENGTH}.` }]
    : problems
}

const TEXTS = new Set(['text', 'currency', 'date_time'])

const countProblem = (path: string, given: number, wanted: number): Problem[] =>
  given === wanted
    ? []
    : [
        {
          path,
          message: `The template takes ${wanted} ${wanted === 1 ? 'parameter' : 'parameters'} here, but ${given} ${given === 1 ? 'is' : 'are'} given.`,
        },
      ]

const buttonsOf = ({ components }: FillableTemplate): Component[] => {
  const { buttons } = components.find(({ type }) => upper(type) === 'BUTTONS') ?? {}
  return Array.isArray(buttons) ? (buttons as Component[]) : []
}

/** Problems of an authentication code, which is sent twice: in the text and in the button. */
function codeProblems(template: FillableTemplate, given: readonly Given[]): Problem[] {
  if (!buttonsOf(template).some(({ type }) => upper(type) === 'OTP')) return []
  const code = given.find(({ type }) => upper(type) === 'BODY')?.parameters?.[0]?.text ?? ''
  return code.length > MAX_CODE_LENGTH
    ? [{ path: 'template.components.body.0', message: `A code can have at most ${MAX_CODE_LENGTH} characters.` }]
    : []
}

function buttonProblems(template: FillableTemplate, given: readonly Given[]): Problem[] {
  const buttons = buttonsOf(template)
  const path = (index: number) => `template.components.button.${index}`
  const sent = given.filter(({ type }) => upper(type) === 'BUTTON').map(one => ({ ...one, at: Number(one.index) }))
  const strangers = sent
    .filter(({ at }) => buttons[at] === undefined)
    .map(({ at }) => ({ path: path(at), message: 'This template has no button at this index.' }))
  const wanting = buttons.flatMap((button, i) => {
    const isOpen = upper(button.type) === 'URL' && placeholdersOf(button.url).length > 0
    const needsValue = isOpen || ['OTP', 'COPY_CODE'].includes(upper(button.type))
    const count = sent.find(({ at }) => at === i)?.parameters?.length ?? 0
    return needsValue ? countProblem(path(i), count, 1) : []
  })
  return [...strangers, ...wanting]
}

const upper = (value: unknown) => String(value ?? '').toUpperCase()
