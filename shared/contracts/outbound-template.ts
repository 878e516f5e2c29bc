import { z } from 'zod'
import { byIdOrLink, documentName, hasOneSource, oneSource, text } from './outbound-parts.ts'

const file = z.strictObject(byIdOrLink).refine(hasOneSource, oneSource)
const namedFile = z.strictObject({ ...byIdOrLink, filename: documentName.optional() }).refine(hasOneSource, oneSource)
/** Text of a parameter; Meta refuses line breaks, tabs and long runs of spaces with 132018. */
const value = text(1024)
  .regex(/^[^\n\r\t]*$/, 'The text cannot contain a line break or a tab.')
  .refine(given => !/ {5}/.test(given), { error: 'The text cannot contain more than four spaces in a row.' })
const coordinate = z.union([z.number(), text(30)])

/** Parameter with the member that its type names. Types are accepted in upper and lower case, as Meta does. */
const Parameter = z
  .strictObject({
    type: text(40),
    parameter_name: z
      .string()
      .regex(/^[a-z0-9_]{1,100}$/, 'The name can contain only lower-case letters, digits and underscores.')
      .optional()
      .describe('Required for every parameter of a template with named variables'),
    text: value.optional(),
    payload: text(256).optional(),
    coupon_code: text(20).optional(),
    currency: z.strictObject({ fallback_value: text(200), code: text(3), amount_1000: z.number() }).optional(),
    date_time: z.looseObject({ fallback_value: text(200) }).optional(),
    image: file.optional(),
    video: file.optional(),
    document: namedFile.optional(),
    location: z
      .strictObject({ latitude: coordinate, longitude: coordinate, name: text(1000).optional(), address: text(1000).optional() })
      .optional(),
    product: z.strictObject({ product_retailer_id: text(200), catalog_id: text(64) }).optional(),
    limited_time_offer: z.strictObject({ expiration_time_ms: z.number().min(0) }).optional(),
    action: z.record(z.string(), z.unknown()).optional(),
  })
  .superRefine((parameter, context) => {
    const { type, parameter_name: _, ...members } = parameter
    const wanted = type.toLowerCase()
    if (!PARAMETER_TYPES.has(wanted))
      context.addIssue({ code: 'custom', path: ['type'], message: `The type must be one of ${[...PARAMETER_TYPES].join(', ')}.` })
    else if (!Object.hasOwn(members, wanted))
      context.addIssue({ code: 'custom', path: [wanted], message: `A parameter of type ${type} needs the member ${wanted}.` })
    for (const name of Object.keys(members))
      if (name !== wanted)
        context.addIssue({ code: 'custom', path: [name], message: `A parameter of this type cannot have the member ${name}.` })
  })
const PARAMETER_TYPES = new Set([
  'text',
  'payload',
  'coupon_code',
  'currency',
  'date_time',
  'image',
  'video',
  'document',
  'location',
  'product',
  'limited_time_offer',
  'action',
])

const SUB_TYPES = new Set(['quick_reply', 'url', 'copy_code', 'flow', 'catalog', 'mpm', 'spm', 'voice_call'])

const part = {
  type: text(40),
  sub_type: text(40).optional(),
  index: z
    .union([z.string().regex(/^[0-9]$/), z.int().min(0).max(9)])
    .optional()
    .describe('Index of a button among the buttons, from 0'),
  parameters: z.array(Parameter).max(60).optional(),
}
const CardComponent = z.strictObject(part).superRefine((given, context) => checkComponent(given, context, CARD_PARTS))

/** Component of the template with its parameters. */
const Component = z
  .strictObject({
    ...part,
    cards: z
      .array(z.strictObject({ card_index: z.int().min(0).max(9), components: z.array(CardComponent).min(1).max(5) }))
      .min(1)
      .max(10)
      .optional(),
  })
  .superRefine((given, context) => checkComponent(given, context, PARTS))

const CARD_PARTS = ['header', 'body', 'button']
const PARTS = [...CARD_PARTS, 'limited_time_offer', 'carousel']

interface GivenComponent {
  type: string
  sub_type?: string | undefined
  index?: string | number | undefined
  parameters?: z.infer<typeof Parameter>[] | undefined
  cards?: unknown[] | undefined
}

function checkComponent(given: GivenComponent, context: z.RefinementCtx, allowed: readonly string[]): void {
  const type = given.type.toLowerCase()
  const issue = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message })
  if (!allowed.includes(type)) issue('type', `The type must be one of ${allowed.join(', ')}.`)
  if ((type === 'carousel') !== (given.cards !== undefined))
    issue('cards', 'A carousel needs cards, and no other component can have them.')
  if (type === 'header' && (given.parameters?.length ?? 0) > 1) issue('parameters', 'A header takes one parameter.')
  if (type === 'button') {
    if (!SUB_TYPES.has(given.sub_type?.toLowerCase() ?? ''))
      issue('sub_type', `The sub_type must be one of ${[...SUB_TYPES].join(', ')}.`)
    if (given.index === undefined) issue('index', 'The index of the button is missing.')
    if ((given.parameters?.length ?? 0) > 1) issue('parameters', 'A button takes one parameter.')
  } else if (given.sub_type !== undefined || given.index !== undefined)
    issue('sub_type', 'Only a button can have a sub_type and an index.')
  const named = (given.parameters ?? []).filter(({ parameter_name }) => parameter_name !== undefined)
  if (named.length > 0 && named.length < (given.parameters?.length ?? 0))
    issue('parameters', 'Name either all parameters or none.')
}

/** Template in Meta's own form; `POST /messages/send-template` takes variables instead. */
export const TemplateObject = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]{1,512}$/, 'The name can contain only lower-case letters, digits and underscores.'),
  language: z
    .strictObject({ code: text(20), policy: z.literal('deterministic').optional() })
    .optional()
    .describe('In any spelling; may be left out where the template exists in one language only'),
  components: z.array(Component).max(20).optional(),
})
