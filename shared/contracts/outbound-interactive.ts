import { z } from 'zod'
import { byIdOrLink, documentName, hasOneSource, oneSource, text } from './outbound-parts.ts'

const headerMedia = z.strictObject(byIdOrLink).refine(hasOneSource, oneSource)
const TextHeader = z.strictObject({ type: z.literal('text'), text: text(60) })
const ImageHeader = z.strictObject({ type: z.literal('image'), image: headerMedia })
const VideoHeader = z.strictObject({ type: z.literal('video'), video: headerMedia })
const DocumentHeader = z.strictObject({
  type: z.literal('document'),
  document: z.strictObject({ ...byIdOrLink, filename: documentName.optional() }).refine(hasOneSource, oneSource),
})
const AnyHeader = z.discriminatedUnion('type', [TextHeader, ImageHeader, VideoHeader, DocumentHeader])
const CardHeader = z.discriminatedUnion('type', [ImageHeader, VideoHeader])
const body = (max: number) => z.strictObject({ text: text(max) })
const footer = z.strictObject({ text: text(60) }).optional()
const action = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape)

const isUnique = (ids: string[]) => new Set(ids).size === ids.length
const ReplyButtons = z
  .array(z.strictObject({ type: z.literal('reply'), reply: z.strictObject({ id: text(256), title: text(20) }) }))
  .min(1)
  .max(3)
  .refine(buttons => isUnique(buttons.map(({ reply }) => reply.id)), { error: 'The ids of the buttons must be unique.' })
  .refine(buttons => isUnique(buttons.map(({ reply }) => reply.title)), { error: 'The titles of the buttons must be unique.' })

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
  .refine(sections => sections.flatMap(({ rows }) => rows).length <= 10, {
    error: 'A list can have at most 10 rows in all sections.',
  })
  .refine(sections => isUnique(sections.flatMap(({ rows }) => rows.map(({ id }) => id))), {
    error: 'The ids of the rows must be unique.',
  })
  .refine(sections => sections.length === 1 || sections.every(({ title }) => title !== undefined), {
    error: 'Each section needs a title if there are several.',
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
  .refine(sections => sections.flatMap(({ product_items }) => product_items).length <= 30, {
    error: 'A message can have at most 30 products.',
  })

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
  .refine(flow => (flow.flow_id === undefined) !== (flow.flow_name === undefined), { error: 'Give either flow_id or flow_name.' })

const CtaAction = action({
  name: z.literal('cta_url'),
  parameters: z.strictObject({
    display_text: text(20),
    url: text(2000).regex(/^https?:\/\/\S+$/i, 'The address must begin with http:// or https://.'),
  }),
})

const cardIndex = z.int().min(0).max(9)
/** Carousel cards: all with an address to open, or all with a product. */
const Cards = z
  .array(
    z.discriminatedUnion('type', [
      z.strictObject({
        card_index: cardIndex,
        type: z.literal('cta_url'),
        header: CardHeader,
        body: body(160).optional(),
        action: CtaAction,
      }),
      z.strictObject({
        card_index: cardIndex,
        type: z.literal('product'),
        action: action({ catalog_id: text(64), product_retailer_id: text(200) }),
      }),
    ]),
  )
  .min(2)
  .max(10)
  .refine(cards => isUnique(cards.map(card => String(card.card_index))), { error: 'The indexes of the cards must be unique.' })
  .refine(cards => cards.every(({ type }) => type === cards[0]?.type), { error: 'All cards must have the same type.' })

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
    action: CtaAction,
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
  carousel: z.strictObject({ type: z.literal('carousel'), body: body(1024), action: action({ cards: Cards }) }),
  request_contact_info: z.strictObject({
    type: z.literal('request_contact_info'),
    body: body(1024),
    action: action({ name: z.literal('request_contact_info') }),
  }),
  call_permission_request: z.strictObject({
    type: z.literal('call_permission_request'),
    body: body(1024).optional(),
    action: action({ name: z.literal('call_permission_request') }),
  }),
  voice_call: z.strictObject({
    type: z.literal('voice_call'),
    body: body(1024),
    action: action({
      name: z.literal('voice_call'),
      parameters: z
        .strictObject({
          display_text: text(20).optional(),
          ttl_minutes: z.int().min(1).max(43_200).optional(),
          payload: text(512).optional(),
        })
        .optional(),
    }),
  }),
  address_message: z.strictObject({
    type: z.literal('address_message'),
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
  interactive.carousel,
  interactive.address_message,
  interactive.request_contact_info,
  interactive.call_permission_request,
  interactive.voice_call,
])
