import { expect, test } from 'vitest'
import { SendAny } from './outbound.ts'

type Json = Record<string, unknown>

const x = (length: number) => 'x'.repeat(length)
const list = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const interactive = (type: string, own: Json) => ({ type: 'interactive', interactive: { type, body: { text: 'b' }, ...own } })
const replies = (buttons: { id: string; title: string }[]) => ({ buttons: buttons.map(reply => ({ type: 'reply', reply })) })
const buttons = (own: Json, action: Json = replies([{ id: '1', title: 'Yes' }])) => interactive('button', { action, ...own })
const rowsOf = (rows: Json[]) => interactive('list', { action: { button: 'Open', sections: [{ title: 'All', rows }] } })
const row = (own: Json, i = 0) => ({ id: `r${i}`, title: 'Row', ...own })
const cta = (parameters: Json) => interactive('cta_url', { action: { name: 'cta_url', parameters } })
const link = 'https://x.example/a'
const card = (i: number, own: Json = {}) => ({
  card_index: i,
  type: 'cta_url',
  header: { type: 'image', image: { link } },
  action: { name: 'cta_url', parameters: { display_text: 'Open', url: link } },
  ...own,
})
const carousel = (cards: Json[]) => interactive('carousel', { action: { cards } })
const flow = (own: Json) =>
  interactive('flow', {
    action: { name: 'flow', parameters: { flow_message_version: '3', flow_id: '1', flow_cta: 'Go', ...own } },
  })
const products = (count: number, header: Json = { header: { type: 'text', text: 'h' } }) => {
  const product_items = list(count, i => ({ product_retailer_id: `p${i}` }))
  return interactive('product_list', { ...header, action: { catalog_id: '1', sections: [{ title: 'All', product_items }] } })
}
const template = (component: Json) => ({
  type: 'template',
  template: { name: 't', language: { code: 'fr' }, components: [component] },
})
const value = (text: string) => template({ type: 'body', parameters: [{ type: 'text', text }] })
const contact = { name: { formatted_name: 'S', first_name: 'S' } }

/** Each of Meta's limits: what is as long as may be, and one more; and the field that the refusal names. */
test.for<[string, string, number, (n: number) => Json]>([
  ['text', 'text.body', 4096, n => ({ type: 'text', text: { body: x(n) } })],
  ['caption of an image', 'image.caption', 1024, n => ({ type: 'image', image: { id: '1', caption: x(n) } })],
  ['caption of a video', 'video.caption', 1024, n => ({ type: 'video', video: { id: '1', caption: x(n) } })],
  ['caption of a document', 'document.caption', 1024, n => ({ type: 'document', document: { id: '1', caption: x(n) } })],
  ['contacts', 'contacts', 257, n => ({ type: 'contacts', contacts: list(n, () => contact) })],
  ['body with buttons', 'interactive.body.text', 1024, n => buttons({ body: { text: x(n) } })],
  ['header', 'interactive.header.text', 60, n => buttons({ header: { type: 'text', text: x(n) } })],
  ['footer', 'interactive.footer.text', 60, n => buttons({ footer: { text: x(n) } })],
  ['buttons', 'interactive.action.buttons', 3, n => buttons({}, replies(list(n, i => ({ id: `${i}`, title: `${i}` }))))],
  ['id of a button', 'interactive.action.buttons.0.reply.id', 256, n => buttons({}, replies([{ id: x(n), title: 'a' }]))],
  ['title of a button', 'interactive.action.buttons.0.reply.title', 20, n => buttons({}, replies([{ id: 'a', title: x(n) }]))],
  [
    'body of a list',
    'interactive.body.text',
    4096,
    n => interactive('list', { body: { text: x(n) }, action: { button: 'a', sections: [{ rows: [row({})] }] } }),
  ],
  [
    'button of a list',
    'interactive.action.button',
    20,
    n => interactive('list', { action: { button: x(n), sections: [{ rows: [row({})] }] } }),
  ],
  [
    'sections',
    'interactive.action.sections',
    10,
    n => interactive('list', { action: { button: 'a', sections: list(n, i => ({ title: 's', rows: [row({}, i)] })) } }),
  ],
  [
    'title of a section',
    'interactive.action.sections.0.title',
    24,
    n => interactive('list', { action: { button: 'a', sections: [{ title: x(n), rows: [row({})] }] } }),
  ],
  ['rows', 'interactive.action.sections.0.rows', 10, n => rowsOf(list(n, i => row({}, i)))],
  ['id of a row', 'interactive.action.sections.0.rows.0.id', 200, n => rowsOf([row({ id: x(n) })])],
  ['title of a row', 'interactive.action.sections.0.rows.0.title', 24, n => rowsOf([row({ title: x(n) })])],
  ['description of a row', 'interactive.action.sections.0.rows.0.description', 72, n => rowsOf([row({ description: x(n) })])],
  [
    'body with a link',
    'interactive.body.text',
    1024,
    n =>
      interactive('cta_url', { body: { text: x(n) }, action: { name: 'cta_url', parameters: { display_text: 'a', url: link } } }),
  ],
  ['text of a link', 'interactive.action.parameters.display_text', 20, n => cta({ display_text: x(n), url: link })],
  ['products', 'interactive.action.sections.0.product_items', 30, n => products(n)],
  ['text of a flow', 'interactive.action.parameters.flow_cta', 30, n => flow({ flow_cta: x(n) })],
  [
    'body that asks for a phone number',
    'interactive.body.text',
    1024,
    n => interactive('request_contact_info', { body: { text: x(n) }, action: { name: 'request_contact_info' } }),
  ],
  [
    'body that asks for a location',
    'interactive.body.text',
    1024,
    n => interactive('location_request_message', { body: { text: x(n) }, action: { name: 'send_location' } }),
  ],
  ['cards', 'interactive.action.cards', 10, n => carousel(list(n, i => card(Math.min(i, 9))))],
  ['body of a card', 'interactive.action.cards.1.body.text', 160, n => carousel([card(0), card(1, { body: { text: x(n) } })])],
  ['name of a template', 'template.name', 512, n => ({ type: 'template', template: { name: x(n), language: { code: 'fr' } } })],
  [
    'coupon',
    'template.components.0.parameters.0.coupon_code',
    20,
    n =>
      template({ type: 'button', sub_type: 'copy_code', index: '0', parameters: [{ type: 'coupon_code', coupon_code: x(n) }] }),
  ],
  ['spaces in a row in a variable', 'template.components.0.parameters.0.text', 4, n => value(`a${' '.repeat(n)}b`)],
  [
    'index of a button',
    'template.components.0.index',
    9,
    n => template({ type: 'button', sub_type: 'quick_reply', index: n, parameters: [{ type: 'payload', payload: 'p' }] }),
  ],
  ['latitude', 'location.latitude', 90, n => ({ type: 'location', location: { latitude: n, longitude: 0 } })],
  ['longitude', 'location.longitude', 180, n => ({ type: 'location', location: { latitude: 0, longitude: -n } })],
])('%s: %s at most %d', ([, path, limit, make]) => {
  expect(problems(make(limit))).toEqual([])
  expect(problems(make(limit + 1)).map(problem => problem.path)).toContain(path)
})

/** What no number tells, and the field that is named. */
test.for<[string, string, Json]>([
  ['a text with a header', 'text', { type: 'text', text: { body: 'a', header: 'b' } }],
  ['an empty text', 'text.body', { type: 'text', text: { body: '' } }],
  ['audio with a caption', 'audio', { type: 'audio', audio: { id: '1', caption: 'c' } }],
  ['a sticker by two sources', 'sticker', { type: 'sticker', sticker: { id: '1', link } }],
  ['a link without https', 'image.link', { type: 'image', image: { link: 'http://x.example/a' } }],
  ['an id that is none', 'video.id', { type: 'video', video: { id: 'my-file' } }],
  [
    'a contact with its formatted name alone',
    'contacts.0.name',
    { type: 'contacts', contacts: [{ name: { formatted_name: 'S' } }] },
  ],
  ['a reaction of two', 'reaction.emoji', { type: 'reaction', reaction: { message_id: 'wamid.A', emoji: '👍👍' } }],
  ['a reaction in letters', 'reaction.emoji', { type: 'reaction', reaction: { message_id: 'wamid.A', emoji: 'ok' } }],
  ['a header of audio', 'interactive.header.type', buttons({ header: { type: 'audio', audio: { id: '1' } } })],
  ['an image header without an image', 'interactive.header.image', buttons({ header: { type: 'image' } })],
  [
    'an image header with two sources',
    'interactive.header.image',
    buttons({ header: { type: 'image', image: { id: '1', link } } }),
  ],
  [
    'a list with an image header',
    'interactive.header.type',
    interactive('list', {
      header: { type: 'image', image: { id: '1' } },
      action: { button: 'a', sections: [{ rows: [row({})] }] },
    }),
  ],
  [
    'buttons of one title',
    'interactive.action.buttons',
    buttons(
      {},
      replies([
        { id: '1', title: 'a' },
        { id: '2', title: 'a' },
      ]),
    ),
  ],
  ['rows of one id', 'interactive.action.sections', rowsOf([row({}), row({})])],
  ['an address that is none', 'interactive.action.parameters.url', cta({ display_text: 'a', url: 'x.example' })],
  ['products without a header', 'interactive.header', products(1, {})],
  [
    'a single product with a header',
    'interactive',
    interactive('product', { header: { type: 'text', text: 'h' }, action: { catalog_id: '1', product_retailer_id: 'p' } }),
  ],
  ['a flow by id and name', 'interactive.action.parameters', flow({ flow_name: 'n' })],
  ['one card', 'interactive.action.cards', carousel([card(0)])],
  ['cards of one index', 'interactive.action.cards', carousel([card(1), card(1)])],
  ['an interactive type that is none', 'interactive.type', interactive('poll', { action: {} })],
  ['an upper-case template', 'template.name', { type: 'template', template: { name: 'Welcome', language: { code: 'fr' } } }],
  ['a variable with two lines', 'template.components.0.parameters.0.text', value('a\nb')],
  ['a variable with a tab', 'template.components.0.parameters.0.text', value('a\tb')],
  [
    'a parameter without its value',
    'template.components.0.parameters.0.image',
    template({ type: 'header', parameters: [{ type: 'image' }] }),
  ],
  [
    'a parameter with the value of another',
    'template.components.0.parameters.0.text',
    template({ type: 'header', parameters: [{ type: 'image', image: { id: '1' }, text: 'a' }] }),
  ],
  [
    'a parameter of no known type',
    'template.components.0.parameters.0.type',
    template({ type: 'body', parameters: [{ type: 'emoji' }] }),
  ],
  [
    'names and numbers mixed',
    'template.components.0.parameters',
    template({
      type: 'body',
      parameters: [
        { type: 'text', text: 'a', parameter_name: 'n' },
        { type: 'text', text: 'b' },
      ],
    }),
  ],
  [
    'a button without its place',
    'template.components.0.index',
    template({ type: 'button', sub_type: 'url', parameters: [{ type: 'text', text: 'a' }] }),
  ],
  ['a button of no known kind', 'template.components.0.sub_type', template({ type: 'button', sub_type: 'call', index: '0' })],
  ['a part that is none', 'template.components.0.type', template({ type: 'title' })],
  ['a quote that is none', 'replyTo', { type: 'text', text: { body: 'a' }, replyTo: '' }],
])('refused: %s, by %s', ([, path, body]) => {
  expect(problems(body).map(problem => problem.path)).toContain(path)
})

test.for<[string, Json]>([
  ['a file of ours', { type: 'image', image: { id: '6920a1b2c3d4e5f601234567' } }],
  ['types in upper case', template({ type: 'HEADER', parameters: [{ type: 'IMAGE', image: { id: '1' } }] })],
  ['a place in text', { type: 'location', location: { latitude: '33.5', longitude: '-7.6' } }],
  ['an emoji of several parts', { type: 'reaction', reaction: { message_id: 'wamid.A', emoji: '👩‍💻' } }],
  ['a heart without its selector', { type: 'reaction', reaction: { message_id: 'wamid.A', emoji: '❤' } }],
  [
    'cards of products',
    carousel(list(2, i => ({ card_index: i, type: 'product', action: { catalog_id: '1', product_retailer_id: `p${i}` } }))),
  ],
  [
    "a template's cards",
    template({
      type: 'carousel',
      cards: [{ card_index: 0, components: [{ type: 'header', parameters: [{ type: 'image', image: { id: '1' } }] }] }],
    }),
  ],
])('taken: %s', ([, body]) => {
  expect(problems(body)).toEqual([])
})

function problems(body: Json): { path: string; message: string }[] {
  const parsed = SendAny.safeParse({ to: '+212661000101', ...body })
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
}
