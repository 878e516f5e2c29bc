import { z } from 'zod'
import { InteractiveObject } from './outbound-interactive.ts'
import { byIdOrLink, hasOneSource, oneSource, text } from './outbound-parts.ts'
import { TemplateObject } from './outbound-template.ts'

/** What may be sent, in Meta's own words and within Meta's limits: what it would refuse is refused here, at once. */

export const TextObject = z.strictObject({ body: text(4096), preview_url: z.boolean().optional() })
export const ImageObject = z.strictObject({ ...byIdOrLink, caption: text(1024).optional() }).refine(hasOneSource, oneSource)
export const VideoObject = ImageObject
export const AudioObject = z.strictObject({ ...byIdOrLink, voice: z.boolean().optional() }).refine(hasOneSource, oneSource)
export const DocumentObject = z
  .strictObject({ ...byIdOrLink, caption: text(1024).optional(), filename: text(240).optional() })
  .refine(hasOneSource, oneSource)
export const StickerObject = z.strictObject(byIdOrLink).refine(hasOneSource, oneSource)
/** Meta takes numbers and their text alike. */
const degrees = (most: number) =>
  z
    .union([z.number(), z.string().regex(/^-?\d{1,3}(\.\d{1,20})?$/, 'a number of degrees')])
    .refine(value => Math.abs(Number(value)) <= most, { error: `between -${most} and ${most}` })
export const LocationObject = z.strictObject({
  latitude: degrees(90),
  longitude: degrees(180),
  name: text(1000).optional(),
  address: text(1000).optional(),
})
/** Also those that this runtime does not know yet, and those without their variation selector. */
const ONE_EMOJI = /^(\p{RGI_Emoji}|\p{Extended_Pictographic})?$/v
export const ReactionObject = z.strictObject({
  message_id: text(256).describe("The wamid, or our id, of the customer's message"),
  emoji: z
    .string()
    .max(64)
    .refine(given => ONE_EMOJI.test(given), { error: 'one emoji, or empty' })
    .describe('One emoji; empty takes the reaction back'),
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
          error: 'give a first, last or middle name, a prefix or a suffix beside formatted_name',
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
  .regex(/^[0-9a-f]{24}$/i, 'an id of 24 hex digits')
  .toLowerCase()

/** One of ours: by its id here, or by its phoneNumberId. */
export const numberName = z
  .string()
  .regex(/^([0-9a-f]{24}|[0-9]{1,20})$/i, "an id of 24 hex digits, or Meta's phone number id")
  .toLowerCase()

/** To whom, from which number, when, about what: members of every send. */
export const target = {
  to: text(80).optional().describe('A phone number in any usual form, or a business-scoped user id'),
  conversationId: objectId.optional(),
  clientId: numberName
    .optional()
    .describe(
      "The number to send from, by our id or Meta's; by default the conversation's, else one's own, else the primary one",
    ),
  sendAt: z.iso.datetime({ offset: true }).optional().describe('At most 90 days ahead; a time that has passed means now'),
  candidateName: text(200).optional().describe('Kept with the conversation; the name of a person who is new here'),
  candidateId: text(128).optional().describe('Yours: kept with the conversation, whose list it narrows'),
  leadId: objectId.optional().describe('The lead whose conversation this is from now on; its messages are notes of the lead'),
  applicationId: text(128).optional().describe('Yours: kept with the conversation, whose list it narrows'),
}
const replyTo = text(256).optional().describe('The message that this one quotes: our id or the wamid')
const hasRecipient = (body: { to?: string | undefined; conversationId?: string | undefined }) =>
  body.to !== undefined || body.conversationId !== undefined
const needsRecipient = { error: 'give to or conversationId' }

/** The file in a template's header. */
export const HeaderMediaObject = z.strictObject({ ...byIdOrLink, filename: text(240).optional() }).refine(hasOneSource, oneSource)

/** By name or by position; a list counts from 1. */
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
  variables: TemplateVariables.default({}).describe('By name or by position; a list counts from 1'),
  headerMedia: HeaderMediaObject.optional(),
}
const namesTemplate = (body: { templateId?: string | undefined; templateName?: string | undefined }) =>
  (body.templateId === undefined) !== (body.templateName === undefined)
const needsTemplate = { error: 'give either templateId or templateName' }

/** Says which template, with its variables. */
export const TemplateToSend = z.strictObject(templateMembers).refine(namesTemplate, needsTemplate)
export type TemplateToSend = z.infer<typeof TemplateToSend>
const fallback = TemplateToSend.optional().describe('The template that goes out instead, once, when the window is closed')

const textMembers = { text: text(4096), previewUrl: z.boolean().optional() }
export const SendText = z.strictObject({ ...target, ...textMembers, replyTo, fallback }).refine(hasRecipient, needsRecipient)
export type SendText = z.infer<typeof SendText>

export const SendTemplate = z
  .strictObject({ ...target, ...templateMembers })
  .refine(hasRecipient, needsRecipient)
  .refine(namesTemplate, needsTemplate)
export type SendTemplate = z.infer<typeof SendTemplate>

/** Whoever names no template gets the account's own: what is known of the person fills its variables. */
export const SendDefaultTemplate = z
  .strictObject({
    ...target,
    ...templateMembers,
    language: text(20).optional().describe("Of the account's own template too; by default as its settings say"),
    jobTitle: text(200).optional().describe('Fills the variable of this name, or the second one'),
    companyName: text(200).optional().describe('Fills the variable of this name, or the third one'),
  })
  .refine(hasRecipient, needsRecipient)
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

/** Of the members named like types exactly the one that `type` names. */
function isOfItsType(
  body: AnyContent,
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  for (const type of OUTBOUND_TYPES) {
    if (type === body.type && body[type] === undefined)
      context.addIssue({ code: 'custom', path: [type], message: 'is missing: type names it' })
    if (type !== body.type && body[type] !== undefined)
      context.addIssue({ code: 'custom', path: [type], message: `does not go with type ${body.type}` })
  }
}

export const SendAny = z
  .strictObject({
    ...target,
    replyTo,
    fallback,
    identityKeyHash: text(200).optional().describe('Not delivered when the person has changed: of their `identity_key_hash`'),
    ...anyMembers,
  })
  .refine(hasRecipient, needsRecipient)
  .superRefine(isOfItsType)
  .refine(body => body.type !== 'template' || body.fallback === undefined, {
    error: 'a template needs none',
    path: ['fallback'],
  })
export type SendAny = z.infer<typeof SendAny>

/** Another time, another content, another template for the closed window; what is missing stays. */
export const ChangeScheduled = z
  .strictObject({
    sendAt: target.sendAt,
    content: z
      .union([z.strictObject(textMembers), TemplateToSend, AnyContent.superRefine(isOfItsType)])
      .optional()
      .describe("As in the three calls that send: a text, a template with its variables, or any type in Meta's own words"),
    fallback: fallback.nullable().describe('null takes it away'),
  })
  .refine(change => Object.keys(change).length > 0, { error: 'says no change' })
export type ChangeScheduled = z.infer<typeof ChangeScheduled>
