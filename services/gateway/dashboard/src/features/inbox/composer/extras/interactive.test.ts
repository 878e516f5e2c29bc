import { expect, test } from 'vitest'
import { type Choice, interactiveOf, problemsOf } from './interactive.ts'

const choice = (more: Partial<Choice> = {}): Choice => ({
  ...{ kind: 'button', header: '', body: 'When?', footer: '', open: '' },
  options: ['Today', 'Tomorrow', ''].map(title => ({ title, description: '' })),
  ...more,
})
const options = (...titles: string[]) => titles.map(title => ({ title, description: '' }))

test('buttons in the form of Meta, without the empty ones', () => {
  expect(problemsOf(choice())).toEqual({})
  expect(interactiveOf(choice({ header: 'Interview', footer: 'Atlas' }))).toEqual({
    type: 'button',
    header: { type: 'text', text: 'Interview' },
    body: { text: 'When?' },
    footer: { text: 'Atlas' },
    action: {
      buttons: [
        { type: 'reply', reply: { id: 'option_1', title: 'Today' } },
        { type: 'reply', reply: { id: 'option_2', title: 'Tomorrow' } },
      ],
    },
  })
})

test('a list in the form of Meta', () => {
  const list = choice({
    kind: 'list',
    open: 'Times',
    options: [{ title: '9:00', description: 'In the morning' }, ...options('15:00')],
  })
  expect(problemsOf(list)).toEqual({})
  expect(interactiveOf(list)).toEqual({
    type: 'list',
    body: { text: 'When?' },
    action: {
      button: 'Times',
      sections: [
        {
          rows: [
            { id: 'option_1', title: '9:00', description: 'In the morning' },
            { id: 'option_2', title: '15:00' },
          ],
        },
      ],
    },
  })
})

test.for<[Partial<Choice>, Record<string, string>]>([
  [{ body: ' ' }, { body: 'missing' }],
  [{ body: 'x'.repeat(1025) }, { body: 'long' }],
  [{ options: options('', '') }, { 'option.0': 'missing' }],
  [{ options: options('x'.repeat(21)) }, { 'option.0': 'long' }],
  [{ options: options('Yes', 'Yes ') }, { 'option.1': 'same' }],
  [
    { header: 'x'.repeat(61), footer: 'x'.repeat(61) },
    { header: 'long', footer: 'long' },
  ],
  [{ kind: 'list', open: '' }, { open: 'missing' }],
  [{ kind: 'list', open: 'x', options: options('x'.repeat(24), 'x'.repeat(25)) }, { 'option.1': 'long' }],
  [{ kind: 'list', open: 'x', options: [{ title: '', description: 'a' }, ...options('b')] }, { 'option.0': 'missing' }],
])('%j has the problems %j', ([more, problems]) => {
  expect(problemsOf(choice(more))).toEqual(problems)
})
