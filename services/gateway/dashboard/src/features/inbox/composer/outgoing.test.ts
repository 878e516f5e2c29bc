import { expect, test } from 'vitest'
import type { ChosenFile } from '../../../lib/outbox/chosen-file.ts'
import { outgoingOf } from './outgoing.ts'

const file = (kind: ChosenFile['kind'], name = 'a'): ChosenFile => ({
  ...{ id: name, content: new Blob(['x']), name, type: '', size: 1, kind, problem: null },
})
const quote = { messageId: 'm1', text: 'When?', isOwn: false }
const fallback = { template: { templateId: 't', variables: {} }, name: 'hello' }
const written = { conversationId: 'c', text: '', files: [], quote: null, fallback: null }
const bodies = (given: Partial<Parameters<typeof outgoingOf>[0]>) =>
  outgoingOf({ ...written, ...given }).map(({ message: { path, body, file } }) => ({
    path,
    ...body,
    caption: file?.caption,
    name: file?.name,
  }))

test('a text is one message', () => {
  expect(bodies({ text: ' Hello ' })).toEqual([{ path: '/messages/send', conversationId: 'c', text: 'Hello' }])
})

test('nothing is no message', () => {
  expect(bodies({ text: '  ' })).toEqual([])
})

test('the text stands under the first file that takes one', () => {
  const sent = bodies({ text: 'Look', files: [file('audio', 'a'), file('image', 'b'), file('image', 'c')] })
  expect(sent.map(({ name, caption }) => [name, caption])).toEqual([
    ['a', undefined],
    ['b', 'Look'],
    ['c', undefined],
  ])
})

test.for([
  ['a voice message', 'Hello', file('audio')],
  ['a sticker', 'Hello', file('sticker')],
  ['a picture, when it is too long for one', 'x'.repeat(1025), file('image')],
] as const)('a text with %s is a message of its own', ([, text, one]) => {
  expect(bodies({ text, files: [one] }).map(({ path }) => path)).toEqual(['/messages/send', '/messages'])
})

test('only the first message quotes and has a fallback, and all wait for their time', () => {
  const sendAt = '2026-12-01T09:00:00.000Z'
  const [first, second] = bodies({ files: [file('image'), file('image')], quote, fallback, sendAt })
  expect(first).toMatchObject({ replyTo: 'm1', fallback: fallback.template, sendAt })
  expect(second).toMatchObject({ sendAt })
  expect(second).not.toHaveProperty('replyTo')
  expect(second).not.toHaveProperty('fallback')
})
