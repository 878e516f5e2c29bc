import { expect, test } from 'vitest'
import { fillIn, headerKind, isSendable, knownValues, placesOf, type SendableTemplate } from './sendable.ts'

const template = (more: Partial<SendableTemplate> = {}): SendableTemplate => ({
  ...{
    id: 't',
    wabaId: 'w',
    name: 'hello',
    language: 'fr',
    category: 'UTILITY',
    parameterFormat: 'POSITIONAL',
    lastUsedAt: null,
  },
  components: [{ type: 'BODY', text: 'Bonjour {{1}}, le poste de {{2}} est ouvert.' }],
  variables: [
    { name: 'candidateName', position: 1, description: null, example: 'Salma', component: 'BODY' },
    { name: '2', position: 2, description: 'Poste', example: 'Comptable', component: 'BODY' },
  ],
  ...more,
})

test('it asks for each value by the name that people gave it', () => {
  expect(placesOf(template())).toEqual([
    { name: 'candidateName', label: 'candidateName', button: null, example: 'Salma' },
    { name: '2', label: 'Poste', button: null, example: 'Comptable' },
  ])
})

test('a button with an address that varies is asked for, too', () => {
  const buttons = { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Open', url: 'https://a.ma/{{1}}' }] }
  const places = placesOf(template({ components: [{ type: 'BODY', text: 'Hello' }, buttons], variables: [] }))
  expect(places).toMatchObject([{ name: 'button_0', button: 0 }])
})

test('the name of the person is known, unless the value is a code', () => {
  expect(knownValues(template(), 'Karim')).toEqual({ candidateName: 'Karim' })
  expect(knownValues(template({ category: 'AUTHENTICATION' }), 'Karim')).toEqual({})
  expect(knownValues(template(), null)).toEqual({})
})

test('what is missing or wrong is said at its place', () => {
  expect(fillIn(template(), { candidateName: 'Karim', '2': ' ' }, false).problems).toEqual({ '2': expect.any(String) })
  expect(fillIn(template(), { candidateName: 'Karim', '2': 'a\nb' }, false).problems).toEqual({ '2': expect.any(String) })
  expect(fillIn(template(), { candidateName: 'Karim', '2': 'Comptable' }, false)).toEqual({
    text: 'Bonjour Karim, le poste de Comptable est ouvert.',
    problems: null,
  })
})

test('a header with a picture needs a file', () => {
  const one = template({
    components: [
      { type: 'HEADER', format: 'IMAGE' },
      { type: 'BODY', text: 'Hello' },
    ],
    variables: [],
  })
  expect(headerKind(one)).toBe('image')
  expect(isSendable(one)).toBe(true)
  expect(fillIn(one, {}, false).problems).toEqual({ '': expect.any(String) })
  expect(fillIn(one, {}, true).problems).toBeNull()
})

test('what only a program can fill is not offered', () => {
  expect(isSendable(template())).toBe(true)
  expect(
    isSendable(
      template({
        components: [
          { type: 'BODY', text: 'x' },
          { type: 'CAROUSEL', cards: [] },
        ],
      }),
    ),
  ).toBe(false)
  expect(
    isSendable(
      template({
        components: [
          { type: 'HEADER', format: 'LOCATION' },
          { type: 'BODY', text: 'x' },
        ],
      }),
    ),
  ).toBe(false)
})
