import { expect, test } from 'vitest'
import { fillQuickReply, unknownVariables } from './quick-reply.ts'

const facts = {
  contact: { name: 'Salma El Idrissi', phone: '+212661000101', username: null },
  agent: { name: 'Youssef Amrani' },
  candidate: { name: null },
}

test.for([
  ['Bonjour {{contact.firstName}}', 'Bonjour Salma', []],
  ['{{ contact.name }}: {{agent.firstName}}', 'Salma El Idrissi: Youssef', []],
  ['{{candidate.name}}', 'Salma El Idrissi', []],
  ['@{{contact.username}}', '@{{contact.username}}', ['contact.username']],
  ['$& {{contact.phone}} $1', '$& +212661000101 $1', []],
  ['no place {contact.name}', 'no place {contact.name}', []],
] as const)('[peers 60] %s becomes %s', ([text, filled, missing]) => {
  expect(fillQuickReply(text, facts)).toEqual({ text: filled, missing })
})

test('names that are no variables are found', () => {
  expect(unknownVariables('{{contact.name}} {{order.id}} {{order.id}} {{contact.password}}')).toEqual([
    'order.id',
    'contact.password',
  ])
})
