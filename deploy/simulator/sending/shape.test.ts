import { expect, test } from 'vitest'
import { GraphError } from '../graph/errors.ts'
import type { Json } from '../world/world.ts'
import { checkShape } from './shape.ts'

const base = { messaging_product: 'whatsapp', to: '+212661000101' }
const interactive = (members: Json) => ({ type: 'interactive', interactive: { body: { text: 'Lequel ?' }, ...members } })
const reply = (id: string, title = id) => ({ type: 'reply', reply: { id, title } })
const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `r${i}`, title: `Ligne ${i}` }))

function codeOf(members: Json): number | string {
  try {
    return checkShape({ ...base, ...members })
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    return error.code
  }
}

test.for<[string, Json, number | string]>([
  ['a text', { text: { body: 'a' } }, 'text'],
  ['4,096 characters', { text: { body: 'a'.repeat(4096) } }, 'text'],
  ['one more', { text: { body: 'a'.repeat(4097) } }, 100],
  ['an empty text', { text: { body: '' } }, 100],
  ['a text that is a number', { text: { body: 7 } }, 100],
  ['a member that text does not have', { text: { body: 'a', colour: 'red' } }, 100],
  ['an unknown member of the message', { colour: 'red', text: { body: 'a' } }, 'text'],
  ['no product', { messaging_product: undefined, text: { body: 'a' } }, 100],
  ['another product', { messaging_product: 'sms', text: { body: 'a' } }, 100],
  ['no recipient', { to: undefined, text: { body: 'a' } }, 131008],
  ['an unknown type', { type: 'poll', poll: {} }, 100],
  ['a type only users send', { type: 'order', order: {} }, 131051],
  ['a type without its object', { type: 'image' }, 100],
  ['an image by link', { type: 'image', image: { link: 'https://a.example/b.jpg' } }, 'image'],
  ['an image by no valid link', { type: 'image', image: { link: 'b.jpg' } }, 131009],
  ['an image by nothing', { type: 'image', image: { caption: 'x' } }, 100],
  ['an audio with caption', { type: 'audio', audio: { id: '1', caption: 'x' } }, 100],
  ['a long caption', { type: 'image', image: { id: '1', caption: 'x'.repeat(1025) } }, 100],
  ['a place', { type: 'location', location: { latitude: '33.5', longitude: -7.6 } }, 'location'],
  ['a place off the globe', { type: 'location', location: { latitude: 133, longitude: 0 } }, 131009],
  ['a contact without name', { type: 'contacts', contacts: [{ phones: [] }] }, 100],
  ['a contact', { type: 'contacts', contacts: [{ name: { formatted_name: 'A B', first_name: 'A' } }] }, 'contacts'],
  ['a reaction', { type: 'reaction', reaction: { message_id: 'wamid.x', emoji: '👍🏽' } }, 'reaction'],
  ['a reaction that is no emoji', { type: 'reaction', reaction: { message_id: 'wamid.x', emoji: 'ok' } }, 131009],
  ['long callback data', { biz_opaque_callback_data: 'x'.repeat(513), text: { body: 'a' } }, 100],
  ['a template without language', { type: 'template', template: { name: 'a' } }, 100],
  ['three buttons', interactive({ type: 'button', action: { buttons: [reply('a'), reply('b'), reply('c')] } }), 'interactive'],
  [
    'four buttons',
    interactive({ type: 'button', action: { buttons: [reply('a'), reply('b'), reply('c'), reply('d')] } }),
    131009,
  ],
  ['the same title twice', interactive({ type: 'button', action: { buttons: [reply('a', 'x'), reply('b', 'x')] } }), 131009],
  ['a title of 21', interactive({ type: 'button', action: { buttons: [reply('a', 'x'.repeat(21))] } }), 131009],
  ['ten rows', interactive({ type: 'list', action: { button: 'Voir', sections: [{ rows: rows(10) }] } }), 'interactive'],
  [
    'eleven rows',
    interactive({
      type: 'list',
      action: {
        button: 'Voir',
        sections: [
          { title: 'a', rows: rows(5) },
          { title: 'b', rows: rows(6) },
        ],
      },
    }),
    131009,
  ],
  [
    'a list with an image',
    interactive({ type: 'list', header: { type: 'image' }, action: { button: 'Voir', sections: [{ rows: rows(1) }] } }),
    131009,
  ],
  ['an interactive of no kind', interactive({ type: 'quiz', action: {} }), 131009],
  [
    'products without header',
    interactive({
      type: 'product_list',
      action: { catalog_id: '1', sections: [{ product_items: [{ product_retailer_id: 'a' }] }] },
    }),
    100,
  ],
])('%s: %s', ([, members, expected]) => {
  expect(codeOf(members)).toBe(expected)
})
