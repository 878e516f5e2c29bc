import { expect, test } from 'vitest'
import { mediaSlots, ownMedia, refusesMedia, withMetaIds } from './media-slots.ts'

const OWN = '6920a1b2c3d4e5f601234567'
const header = { type: 'header', parameters: [{ type: 'video', video: { id: OWN } }] }
const cards = [{ card_index: 0, components: [{ type: 'header', parameters: [{ type: 'image', image: { id: OWN } }] }] }]

test.for<[string, Record<string, unknown>, string[]]>([
  ['its own', { type: 'image', image: { id: OWN } }, ['image']],
  [
    'of its header',
    { type: 'interactive', interactive: { header: { type: 'document', document: { id: OWN } } } },
    ['interactive.header.document'],
  ],
  [
    'of its cards',
    { type: 'interactive', interactive: { action: { cards: [{}, { header: { type: 'image', image: { id: OWN } } }] } } },
    ['interactive.action.cards.1.header.image'],
  ],
  [
    "of its template's parameters and cards",
    { type: 'template', template: { components: [header, { type: 'carousel', cards }] } },
    ['template.components.0.parameters.0.video', 'template.components.1.cards.0.components.0.parameters.0.image'],
  ],
  ['none of a text', { type: 'text', text: { body: OWN } }, []],
  ["none of a flow's own data", { type: 'interactive', interactive: { action: { parameters: { image: { id: OWN } } } } }, []],
])('a message names files: %s', ([, payload, paths]) => {
  expect(ownMedia(payload).map(({ path }) => path)).toEqual(paths)
  const sent = withMetaIds(payload, new Map([[OWN, '123']]))
  expect(mediaSlots(sent).map(({ media }) => media.id)).toEqual(paths.map(() => '123'))
  expect(ownMedia(payload)).toHaveLength(paths.length) // the message itself keeps ours
})

test("Meta's ids and links are left as they are", () => {
  const payload = {
    type: 'template',
    template: { components: [{ parameters: [{ type: 'image', image: { id: '123456789012345' } }] }] },
  }
  expect(ownMedia(payload)).toEqual([])
  expect(withMetaIds(payload, new Map())).toEqual(payload)
})

test.for<[Parameters<typeof refusesMedia>[0], boolean]>([
  [{ code: 131053, detail: 'Media ID 1 does not exist' }, true],
  [{ code: 100, title: "(#100) Param image['id'] is not a valid whatsapp business account media attachment ID" }, true],
  [{ code: 100, detail: 'Parameter value is not valid' }, false],
  [{ code: 131026 }, false],
])('%j is about a file: %s', ([error, isMedia]) => {
  expect(refusesMedia(error)).toBe(isMedia)
})
