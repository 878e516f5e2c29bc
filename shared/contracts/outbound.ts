import { z } from 'zod'

/** What may be sent, in Meta's own words and within Meta's limits: what it would refuse is refused here, at once. */

const text = (max: number) => z.string().min(1).max(max)
const fileId = z
  .string()
  .regex(/^([0-9]{1,64}|[0-9a-f]{24})$/, 'the id of a file: ours, or one that Meta gave')
  .describe("A file's id: ours (POST /media), good for every number, or Meta's own, good for one")
const link = z
  .url({ protocol: /^https$/, hostname: z.regexes.domain })
  .max(2048)
  .describe('Fetched by Meta; https only')

const byIdOrLink = { id: fileId.optional(), link: link.optional() }
const hasOneSource = (media: { id?: string | undefined; link?: string | undefined }) =>
  (media.id === undefined) !== (media.link === undefined)
const oneSource = { error: 'give either id or link' }

export const TextObject = z.strictObject({ body: text(4096), preview_url: z.boolean().optional() })
export const ImageObject = z.strictObject({ ...byIdOrLink, caption: text(1024).optional() }).refine(hasOneSource, oneSource)
export const VideoObject = ImageObject
export const AudioObject = z.strictObject({ ...byIdOrLink, voice: z.boolean().optional() }).refine(hasOneSource, oneSource)
export const DocumentObject = z
  .strictObject({ ...byIdOrLink, caption: text(1024).optional(), filename: text(240).optional() })
  .refine(hasOneSource, oneSource)
export const StickerObject = z.strictObject(byIdOrLink).refine(hasOneSource, oneSource)
export const LocationObject = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  name: text(1000).optional(),
  address: text(1000).optional(),
})
export const ReactionObject = z.strictObject({
  message_id: text(256).describe("The wamid, or our id, of the customer's message"),
  emoji: z.string().max(32).describe('Empty takes the reaction back'),
})

const kind = z.string().max(40).optional()
const short = text(200)
export const ContactsObject = z
  .array(
    z.strictObject({
      name: z.strictObject({
        formatted_name: short,
        first_name: short.optional(),
        last_name: short.optional(),
        middle_name: short.optional(),
        suffix: short.optional(),
        prefix: short.optional(),
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

const headerMedia = z.strictObject(byIdOrLink).refine(hasOneSource, oneSource)
const TextHeader = z.strictObject({ type: z.literal('text'), text: text(60) })
const MediaHeader = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('image'), image: headerMedia }),
  z.strictObject({ type: z.literal('video'), video: headerMedia }),
  z.strictObject({
    type: z.literal('document'),
    document: z.strictObject({ ...byIdOrLink, filename: text(240).optional() }).refine(hasOneSource, oneSource),
  }),
])
const AnyHeader = z.union([TextHeader, MediaHeader])
const body = (max: number) => z.strictObject({ text: text(max) })
const footer = z.strictObject({ text: text(60) }).optional()
const action = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape)

const isUnique = (ids: string[]) => new Set(ids).size === ids.length
const ReplyButtons = z
  .array(z.strictObject({ type: z.literal('reply'), reply: z.strictObject({ id: text(256), title: text(20) }) }))
  .min(1)
  .max(3)
  .refine(buttons => isUnique(buttons.map(({ reply }) => reply.id)), { error: 'ids must differ' })
  .refine(buttons => isUnique(buttons.map(({ reply }) => reply.title)), { error: 'titles must differ' })

const ListSections = z
  .array(
    z.strictObject({
      title: text(24).optional(),
      rows: z
        .array(z.strictObject({ id: text(200), title: text(24), description: text(72).optional() }))
        .min(1)
        .max(10),
    }),
  )
  .min(1)
  .max(10)
  .refine(sections => sections.flatMap(({ rows }) => rows).length <= 10, { error: 'at most 10 rows in all' })
  .refine(sections => isUnique(sections.flatMap(({ rows }) => rows.map(({ id }) => id))), { error: 'row ids must differ' })
  .refine(sections => sections.length === 1 || sections.every(({ title }) => title !== undefined), {
    error: 'several sections need titles',
  })

const ProductSections = z
  .array(
    z.strictObject({
      title: text(24),
      product_items: z
        .array(z.strictObject({ product_retailer_id: text(200) }))
        .min(1)
        .max(30),
    }),
  )
  .min(1)
  .max(10)
  .refine(sections => sections.flatMap(({ product_items }) => product_items).length <= 30, { error: 'at most 30 products' })

const FlowParameters = z
  .strictObject({
    flow_message_version: z.literal('3'),
    flow_token: text(200).optional(),
    flow_id: text(64).optional(),
    flow_name: text(200).optional(),
    flow_cta: text(30),
    flow_action: z.enum(['navigate', 'data_exchange']).optional(),
    flow_action_payload: z.strictObject({ screen: text(200), data: z.record(z.string(), z.unknown()).optional() }).optional(),
    mode: z.enum(['draft', 'published']).optional(),
  })
  .refine(flow => (flow.flow_id === undefined) !== (flow.flow_name === undefined), { error: 'give either flow_id or flow_name' })

const CtaParameters = z.strictObject({ display_text: text(20), url: text(2048) })

const interactive = {
  button: z.strictObject({
    type: z.literal('button'),
    header: AnyHeader.optional(),
    body: body(1024),
    footer,
    action: action({ buttons: ReplyButtons }),
  }),
  list: z.strictObject({
    type: z.literal('list'),
    header: TextHeader.optional(),
    body: body(4096),
    footer,
    action: action({ button: text(20), sections: ListSections }),
  }),
  cta_url: z.strictObject({
    type: z.literal('cta_url'),
    header: AnyHeader.optional(),
    body: body(1024),
    footer,
    action: action({ name: z.literal('cta_url'), parameters: CtaParameters }),
  }),
  product: z.strictObject({
    type: z.literal('product'),
    body: body(1024).optional(),
    footer,
    action: action({ catalog_id: text(64), product_retailer_id: text(200) }),
  }),
  product_list: z.strictObject({
    type: z.literal('product_list'),
    header: TextHeader,
    body: body(1024),
    footer,
    action: action({ catalog_id: text(64), sections: ProductSections }),
  }),
  catalog_message: z.strictObject({
    type: z.literal('catalog_message'),
    body: body(1024),
    footer,
    action: action({
      name: z.literal('catalog_message'),
      parameters: z.strictObject({ thumbnail_product_retailer_id: text(200) }).optional(),
    }),
  }),
  flow: z.strictObject({
    type: z.literal('flow'),
    header: AnyHeader.optional(),
    body: body(1024),
    footer,
    action: action({ name: z.literal('flow'), parameters: FlowParameters }),
  }),
  location_request_message: z.strictObject({
    type: z.literal('location_request_message'),
    body: body(1024),
    action: action({ name: z.literal('send_location') }),
  }),
  address_message: z.strictObject({
    type: z.literal('address_message'),
    header: TextHeader.optional(),
    body: body(1024),
    footer,
    action: action({
      name: z.literal('address_message'),
      parameters: z.strictObject({
        country: text(2),
        values: z.record(z.string(), z.unknown()).optional(),
        saved_addresses: z.array(z.record(z.string(), z.unknown())).max(10).optional(),
        validation_errors: z.record(z.string(), z.string()).optional(),
      }),
    }),
  }),
}
export const InteractiveObject = z.discriminatedUnion('type', [
  interactive.button,
  interactive.list,
  interactive.cta_url,
  interactive.product,
  interactive.product_list,
  interactive.catalog_message,
  interactive.flow,
  interactive.location_request_message,
  interactive.address_message,
])

/** Meta's own form of a template; `POST /messages/send-template` takes variables instead. */
export const TemplateObject = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]{1,512}$/),
  language: z.strictObject({ code: text(20), policy: z.literal('deterministic').optional() }),
  components: z
    .array(
      z.strictObject({
        type: z.string().max(40),
        sub_type: z.string().max(40).optional(),
        index: z.union([z.string().max(2), z.number().int().min(0).max(9)]).optional(),
        parameters: z.array(z.record(z.string(), z.unknown())).max(60).optional(),
        cards: z.array(z.record(z.string(), z.unknown())).max(10).optional(),
      }),
    )
    .max(20)
    .optional(),
})

export const objectId = z
  .string()
  .regex(/^[0-9a-f]{24}$/i, 'an id of 24 hex digits')
  .toLowerCase()

/** To whom, from which number, when: members of every send. */
export const target = {
  to: text(80).optional().describe('A phone number in any usual form, or a business-scoped user id'),
  conversationId: objectId.optional(),
  clientId: objectId.optional().describe("The number to send from; by default the conversation's, else the primary one"),
  sendAt: z.iso.datetime({ offset: true }).optional().describe('At most 30 days ahead'),
}
const replyTo = text(256).optional().describe('The message that this one quotes: our id or the wamid')
const hasRecipient = (body: { to?: string | undefined; conversationId?: string | undefined }) =>
  body.to !== undefined || body.conversationId !== undefined
const needsRecipient = { error: 'give to or conversationId' }

export const SendText = z
  .strictObject({ ...target, text: text(4096), previewUrl: z.boolean().optional(), replyTo })
  .refine(hasRecipient, needsRecipient)
export type SendText = z.infer<typeof SendText>

/** The file in a template's header. */
export const HeaderMediaObject = z.strictObject({ ...byIdOrLink, filename: text(240).optional() }).refine(hasOneSource, oneSource)

export const SendTemplate = z
  .strictObject({
    ...target,
    templateId: objectId.optional(),
    templateName: text(512).optional(),
    language: text(20).optional(),
    variables: z
      .union([
        z.record(z.string().max(100), z.string().max(1024)),
        z
          .array(z.string().max(1024))
          .max(100)
          .transform(values => Object.fromEntries(values.map((value, i) => [String(i + 1), value]))),
      ])
      .default({})
      .describe('By name or by position; a list counts from 1'),
    headerMedia: HeaderMediaObject.optional(),
  })
  .refine(hasRecipient, needsRecipient)
  .refine(body => (body.templateId === undefined) !== (body.templateName === undefined), {
    error: 'give either templateId or templateName',
  })
export type SendTemplate = z.infer<typeof SendTemplate>

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

/** Of the members named like types exactly the one that `type` names. */
export const SendAny = z
  .strictObject({
    ...target,
    replyTo,
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
  })
  .refine(hasRecipient, needsRecipient)
  .superRefine((body, context) => {
    for (const type of OUTBOUND_TYPES) {
      if (type === body.type && body[type] === undefined)
        context.addIssue({ code: 'custom', path: [type], message: 'is missing: type names it' })
      if (type !== body.type && body[type] !== undefined)
        context.addIssue({ code: 'custom', path: [type], message: `does not go with type ${body.type}` })
    }
  })
export type SendAny = z.infer<typeof SendAny>
