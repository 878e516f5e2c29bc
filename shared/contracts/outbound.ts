import { z } from 'zod'
import { fitsDirectSend, MAX_BODY, TTL_SECONDS } from '../domain/messages/direct-send.ts'
import type { MarketingChoice } from '../domain/messages/marketing-messages.ts'
import { InteractiveObject } from './outbound-interactive.ts'
import { byIdOrLink, documentName, hasOneSource, oneSource, text } from './outbound-parts.ts'
import { TemplateObject } from './outbound-template.ts'

/** Messages in Meta's own form, within Meta's limits, so that most of what Meta would refuse is refused at once. */

export const TextObject = z.strictObject({ body: text(4096), preview_url: z.boolean().optional() })
export const ImageObject = z.strictObject({ ...byIdOrLink, caption: text(1024).optional() }).refine(hasOneSource, oneSource)
export const VideoObject = ImageObject
export const AudioObject = z.strictObject({ ...byIdOrLink, voice: z.boolean().optional() }).refine(hasOneSource, oneSource)
export const DocumentObject = z
  .strictObject({ ...byIdOrLink, caption: text(1024).optional(), filename: documentName.optional() })
  .refine(hasOneSource, oneSource)
export const StickerObject = z.strictObject(byIdOrLink).refine(hasOneSource, oneSource)
/** Coordinate in degrees, as a number or as text, as Meta accepts both. */
const degrees = (most: number) =>
  z
    .union([z.number(), z.string().regex(/^-?\d{1,3}(\.\d{1,20})?$/, 'The value must be a number of degrees.')])
    .refine(value => Math.abs(Number(value)) <= most, { error: `The value must be between -${most} and ${most}.` })
export const LocationObject = z.strictObject({
  latitude: degrees(90),
  longitude: degrees(180),
  name: text(1000).optional(),
  address: text(1000).optional(),
})
/** One emoji, also one that this runtime does not know yet or that lacks its variation selector; or an empty text. */
const ONE_EMOJI = /^(\p{RGI_Emoji}|\p{Extended_Pictographic})?$/v
export const ReactionObject = z.strictObject({
  message_id: text(256).describe("The wamid, or our id, of the customer's message"),
  emoji: z
    .string()
    .max(64)
    .refine(given => ONE_EMOJI.test(given), { error: 'The value must be one emoji, or empty.' })
    .describe('One emoji; an empty text removes the reaction'),
})

const kind = z.string().max(40).optional()
const short = text(200)
export const ContactsObject = z
  .array(
    z.strictObject({
      name: z
        .strictObject({
          formatted_name: short,
          first_name: short.optional(),
          last_name: short.optional(),
          middle_name: short.optional(),
          suffix: short.optional(),
          prefix: short.optional(),
        })
        .refine(({ formatted_name: _, ...others }) => Object.values(others).some(value => value !== undefined), {
          error: 'Give a first, last or middle name, a prefix or a suffix in addition to formatted_name.',
        }),
      phones: z
        .array(z.strictObject({ phone: text(40), type: kind, wa_id: text(20).optional() }))
        .max(20)
        .optional(),
      emails: z
        .array(z.strictObject({ email: text(320), type: kind }))
        .max(20)
        .optional(),
      addresses: z
        .array(
          z.strictObject({
            street: short.optional(),
            city: short.optional(),
            state: short.optional(),
            zip: short.optional(),
            country: short.optional(),
            country_code: text(2).optional(),
            type: kind,
          }),
        )
        .max(20)
        .optional(),
      org: z.strictObject({ company: short.optional(), department: short.optional(), title: short.optional() }).optional(),
      urls: z
        .array(z.strictObject({ url: text(2048), type: kind }))
        .max(20)
        .optional(),
      birthday: z.iso.date().optional(),
    }),
  )
  .min(1)
  .max(257)

export const objectId = z
  .string()
  .regex(/^[0-9a-f]{24}$/i, 'The id must have 24 hex digits.')
  .toLowerCase()

/** A number of the tenant: our id, or Meta's phone number id. */
export const numberName = z
  .string()
  .regex(/^([0-9a-f]{24}|[0-9]{1,20})$/i, "The value must be an id of 24 hex digits or Meta's phone number id.")
  .toLowerCase()

/** Members of every send: recipient, sending number, time and references. */
export const target = {
  to: text(80).optional().describe('A phone number in any usual form, or a business-scoped user id'),
  conversationId: objectId.optional(),
  clientId: numberName
    .optional()
    .describe(
      "The number to send from, by our id or Meta's; by default the conversation's, otherwise the user's own, otherwise the primary one",
    ),
  sendAt: z.iso.datetime({ offset: true }).optional().describe('At most 90 days ahead; a time in the past means now'),
  expiresAt: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('The message fails instead of being sent after this time; at most 30 days after it may be sent'),
  candidateName: text(200).optional().describe('Stored with the conversation, and as the name of a new contact'),
  candidateId: text(128)
    .optional()
    .describe('Your own id, stored with the conversation; the list of conversations can be filtered by it'),
  leadId: objectId
    .optional()
    .describe('The lead that the conversation belongs to from now on; its messages appear as notes of the lead'),
  applicationId: text(128)
    .optional()
    .describe('Your own id, stored with the conversation; the list of conversations can be filtered by it'),
}
const replyTo = text(256).optional().describe('The message that this one quotes, by our id or its wamid')
const hasRecipient = (body: { to?: string | undefined; conversationId?: string | undefined }) =>
  body.to !== undefined || body.conversationId !== undefined
const needsRecipient = { error: 'Give to or conversationId.' }

/** File in a template's header. */
export const HeaderMediaObject = z
  .strictObject({ ...byIdOrLink, filename: documentName.optional() })
  .refine(hasOneSource, oneSource)

/** Variables of a template by name or by position; a list is numbered from 1. */
export const TemplateVariables = z.union([
  z.record(z.string().max(100), z.string().max(1024)),
  z
    .array(z.string().max(1024))
    .max(100)
    .transform(values => Object.fromEntries(values.map((value, i) => [String(i + 1), value]))),
])

const templateMembers = {
  templateId: objectId.optional(),
  templateName: text(512).optional(),
  language: text(20).optional(),
  variables: TemplateVariables.default({}).describe('By name or by position; a list is numbered from 1'),
  headerMedia: HeaderMediaObject.optional(),
}
const namesTemplate = (body: { templateId?: string | undefined; templateName?: string | undefined }) =>
  (body.templateId === undefined) !== (body.templateName === undefined)
const needsTemplate = { error: 'Give either templateId or templateName.' }

/** A template with its variables. */
export const TemplateToSend = z.strictObject(templateMembers).refine(namesTemplate, needsTemplate)
export type TemplateToSend = z.infer<typeof TemplateToSend>
const fallback = TemplateToSend.optional().describe(
  'The template that is sent instead, once, if the customer service window is closed',
)

/** Free-form content that is sent outside the window without a template (Direct Send). */
const directSend = {
  category: z
    .enum(['utility'])
    .optional()
    .describe('Sends it outside the customer service window too, without a template and at the price of one: Direct Send'),
  ttlSeconds: z
    .number()
    .int()
    .min(TTL_SECONDS.least)
    .max(TTL_SECONDS.most)
    .optional()
    .describe('With `category`: for how long WhatsApp tries to deliver it; 30 days by default'),
}
const ttlNeedsCategory = { error: 'ttlSeconds needs category.', path: ['ttlSeconds'] }
const hasCategoryForTtl = (body: { category?: string | undefined; ttlSeconds?: number | undefined }) =>
  body.ttlSeconds === undefined || body.category !== undefined
const DOES_NOT_FIT = {
  error: `With category, give a text of at most ${MAX_BODY} characters without preview, or a form with reply buttons or a link.`,
  path: ['category'],
}

const textMembers = { text: text(4096), previewUrl: z.boolean().optional() }
export const SendText = z
  .strictObject({ ...target, ...textMembers, replyTo, ...directSend, fallback })
  .refine(hasRecipient, needsRecipient)
  .refine(hasCategoryForTtl, ttlNeedsCategory)
  .refine(
    ({ category, text: body, previewUrl }) =>
      category === undefined || fitsDirectSend({ type: 'text', text: { body, preview_url: previewUrl } }),
    DOES_NOT_FIT,
  )
export type SendText = z.infer<typeof SendText>

/** Way of a marketing template through the Marketing Messages API. */
export const marketing = {
  marketingMessages: z
    .boolean()
    .optional()
    .describe('Sends a marketing template by the Marketing Messages API; by the Cloud API while Meta has not let the account in'),
  strict: z.boolean().optional().describe('With `marketingMessages`: by the Marketing Messages API alone'),
}
const hasMarketingForStrict = ({ strict, marketingMessages }: MarketingChoice) => !strict || marketingMessages === true
const strictNeedsMarketing = { error: 'strict needs marketingMessages.', path: ['strict'] }

export const SendTemplate = z
  .strictObject({ ...target, ...templateMembers, ...marketing })
  .refine(hasRecipient, needsRecipient)
  .refine(hasMarketingForStrict, strictNeedsMarketing)
  .refine(namesTemplate, needsTemplate)
export type SendTemplate = z.infer<typeof SendTemplate>

/** Send of the account's default template if none is named, with its variables filled from the facts about the person. */
export const SendDefaultTemplate = z
  .strictObject({
    ...target,
    ...templateMembers,
    language: text(20).optional().describe("Language, of the default template too; by default the account's setting"),
    jobTitle: text(200).optional().describe('Fills the variable of this name, or the second one'),
    companyName: text(200).optional().describe('Fills the variable of this name, or the third one'),
    ...marketing,
  })
  .refine(hasRecipient, needsRecipient)
  .refine(hasMarketingForStrict, strictNeedsMarketing)
  .refine(body => body.templateId === undefined || body.templateName === undefined, needsTemplate)
export type SendDefaultTemplate = z.infer<typeof SendDefaultTemplate>

export const OUTBOUND_TYPES = [
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contacts',
  'reaction',
  'interactive',
  'template',
] as const
export type OutboundType = (typeof OUTBOUND_TYPES)[number]

const anyMembers = {
  type: z.enum(OUTBOUND_TYPES),
  text: TextObject.optional(),
  image: ImageObject.optional(),
  video: VideoObject.optional(),
  audio: AudioObject.optional(),
  document: DocumentObject.optional(),
  sticker: StickerObject.optional(),
  location: LocationObject.optional(),
  contacts: ContactsObject.optional(),
  reaction: ReactionObject.optional(),
  interactive: InteractiveObject.optional(),
  template: TemplateObject.optional(),
}
const AnyContent = z.strictObject(anyMembers)
export type AnyContent = z.infer<typeof AnyContent>

/** Checks that, of the members named like types, exactly the one that `type` names is given. */
function isOfItsType(
  body: AnyContent,
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  for (const type of OUTBOUND_TYPES) {
    if (type === body.type && body[type] === undefined)
      context.addIssue({ code: 'custom', path: [type], message: `A message of type ${type} needs the member ${type}.` })
    if (type !== body.type && body[type] !== undefined)
      context.addIssue({
        code: 'custom',
        path: [type],
        message: `A message of type ${body.type} cannot have the member ${type}.`,
      })
  }
}

export const SendAny = z
  .strictObject({
    ...target,
    replyTo,
    ...directSend,
    ...marketing,
    fallback,
    identityKeyHash: text(200)
      .optional()
      .describe("The person's `identity_key_hash`: Meta does not deliver the message if the person has changed"),
    ...anyMembers,
  })
  .refine(hasRecipient, needsRecipient)
  .superRefine(isOfItsType)
  .refine(body => body.type !== 'template' || body.fallback === undefined, {
    error: 'A template cannot have a fallback.',
    path: ['fallback'],
  })
  .refine(hasCategoryForTtl, ttlNeedsCategory)
  .refine(body => body.category === undefined || fitsDirectSend(body), DOES_NOT_FIT)
  .refine(hasMarketingForStrict, strictNeedsMarketing)
  .refine(body => !body.marketingMessages || body.type === 'template', {
    error: 'The Marketing Messages API takes templates alone.',
    path: ['marketingMessages'],
  })
export type SendAny = z.infer<typeof SendAny>

/** Change of a scheduled message: time, content, fallback or expiry; a missing member is kept. */
export const ChangeScheduled = z
  .strictObject({
    sendAt: target.sendAt,
    content: z
      .union([z.strictObject(textMembers), TemplateToSend, AnyContent.superRefine(isOfItsType)])
      .optional()
      .describe("As in the three send calls: a text, a template with its variables, or any type in Meta's own form"),
    fallback: fallback.nullable().describe('null removes it'),
    expiresAt: target.expiresAt.nullable().describe('As in a send; null removes it'),
  })
  .refine(change => Object.keys(change).length > 0, { error: 'Give at least one change.' })
export type ChangeScheduled = z.infer<typeof ChangeScheduled>
