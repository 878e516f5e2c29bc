import { expect, test } from 'vitest'
import { variablesOf } from './template-variables.ts'

const named = (name: string, position: number) => ({ name, position, description: 'given', example: null, component: 'BODY' })

test('variables keep the names that people gave them, where they still stand', () => {
  const body = { type: 'BODY', text: 'Bonjour {{1}}, {{2}} de {{1}} et {{3}}' }
  const { variables, parameterFormat } = variablesOf(
    [{ type: 'HEADER', text: 'Pour {{1}}' }, body],
    [named('who', 1), named('job', 2)],
  )
  expect(parameterFormat).toBe('POSITIONAL')
  expect(variables.map(({ component, name, position }) => [component, name, position])).toEqual([
    ['HEADER', '1', 1],
    ['BODY', 'who', 1],
    ['BODY', 'job', 2],
    ['BODY', '3', 3],
  ])
})

test('another name is another variable', () => {
  const { variables, parameterFormat } = variablesOf([{ type: 'BODY', text: 'Bonjour {{ first_name }}' }], [named('who', 1)])
  expect([parameterFormat, variables[0]]).toEqual([
    'NAMED',
    { name: 'first_name', position: 1, description: null, example: null, component: 'BODY' },
  ])
})

test('a template without placeholders leaves nothing open', () => {
  expect(
    variablesOf(
      [
        { type: 'BODY', text: 'Bonjour' },
        { type: 'BUTTONS', buttons: [] },
      ],
      [],
    ),
  ).toEqual({
    variables: [],
    parameterFormat: 'POSITIONAL',
  })
})
