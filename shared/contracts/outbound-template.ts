import { z } from 'zod'
import { byIdOrLink, hasOneSource, oneSource, text } from './outbound-parts.ts'

const file = z.strictObject(byIdOrLink).refine(hasOneSource, oneSource)
const namedFile = z.strictObject({ ...byIdOrLink, filename: text(240).optional() }).refine(hasOneSource, oneSource)
/** Meta refuses others with 132018. */
const value = text(1024)
  .regex(/^[^\n\r\t]*$/, 'holds a new line or a tab')
  .refine(given => !/ {5}/.test(given), { error: 'holds more than four spaces in a row' })
const coordinate = z.union([z.number(), text(30)])

/** A parameter holds the member that its type names. Type names are taken in either case, as Meta does. */
const Parameter = z
  .strictObject({
    type: text(40),
    parameter_name: z
      .string()
      .regex(/^[a-z0-9_]{1,100}$/, 'lower-case letters, digits and underscores')
      .optional()
      .describe('Of templates with named variables: then each has one'),
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
      context.addIssue({ code: 'custom', path: ['type'], message: `one of ${[...PARAMETER_TYPES].join(', ')}` })
    else if (!Object.hasOwn(members, wanted))
      context.addIssue({ code: 'custom', path: [wanted], message: 'is missing: type names it' })
    for (const name of Object.keys(members))
      if (name !== wanted) context.addIssue({ code: 'custom', path: [name], message: `does not go with type ${type}` })
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
    .describe('Of a button: its place among the buttons, from 0'),
  parameters: z.array(Parameter).max(60).optional(),
}
const CardComponent = z.strictObject(part).superRefine((given, context) => checkComponent(given, context, CARD_PARTS))

/** A part of the template with what is put into it. */
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
  if (!allowed.includes(type)) issue('type', `one of ${allowed.join(', ')}`)
  if ((type === 'carousel') !== (given.cards !== undefined)) issue('cards', 'of a carousel, and of it alone')
  if (type === 'header' && (given.parameters?.length ?? 0) > 1) issue('parameters', 'a header takes one')
  if (type === 'button') {
    if (!SUB_TYPES.has(given.sub_type?.toLowerCase() ?? '')) issue('sub_type', `one of ${[...SUB_TYPES].join(', ')}`)
    if (given.index === undefined) issue('index', 'is missing')
    if ((given.parameters?.length ?? 0) > 1) issue('parameters', 'a button takes one')
  } else if (given.sub_type !== undefined || given.index !== undefined) issue('sub_type', 'of buttons alone')
  const named = (given.parameters ?? []).filter(({ parameter_name }) => parameter_name !== undefined)
  if (named.length > 0 && named.length < (given.parameters?.length ?? 0)) issue('parameters', 'are all named, or none is')
}

/** Meta's own form of a template; `POST /messages/send-template` takes variables instead. */
export const TemplateObject = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]{1,512}$/, 'lower-case letters, digits and underscores'),
  language: z.strictObject({ code: text(20), policy: z.literal('deterministic').optional() }),
  components: z.array(Component).max(20).optional(),
})
