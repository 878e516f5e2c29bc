import { expect, test } from 'vitest'
import { describeVariables, variablesOf, withExamples } from './variables.ts'

const named = (name: string, position: number) => ({ name, position, description: 'given', example: null, component: 'BODY' })

test('variables keep the names that people gave them while they keep their place', () => {
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

test('a variable with another name is a new variable', () => {
  const { variables, parameterFormat } = variablesOf([{ type: 'BODY', text: 'Bonjour {{ first_name }}' }], [named('who', 1)])
  expect([parameterFormat, variables[0]]).toEqual([
    'NAMED',
    { name: 'first_name', position: 1, description: null, example: null, component: 'BODY' },
  ])
})

test('a template without placeholders has no variables', () => {
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

const COMPONENTS = [
  { type: 'HEADER', text: 'Pour {{1}}', example: { header_text: ['Atlas'] } },
  { type: 'BODY', text: 'Bonjour {{1}}, {{2}} vous attend.', example: { body_text: [['Salma', 'Omar']] } },
]

test('variables have the examples of their component', () => {
  expect(variablesOf(COMPONENTS, []).variables.map(({ example }) => example)).toEqual(['Atlas', 'Salma', 'Omar'])
  const named = {
    type: 'BODY',
    text: 'Bonjour {{who}} !',
    example: { body_text_named_params: [{ param_name: 'who', example: 'Salma' }] },
  }
  expect(variablesOf([named], []).variables).toMatchObject([{ name: 'who', example: 'Salma' }])
})

test('callers describe variables by position, counted from 1 without one; an unknown variable is a problem', () => {
  const { variables, parameterFormat } = variablesOf(COMPONENTS, [])
  const given = [
    { name: 'who', description: 'First name' },
    { position: 2, name: 'host' },
    { position: 3, name: 'nobody' },
  ]
  const described = describeVariables(variables, parameterFormat, [...given, { component: 'HEADER', position: 1, name: 'firm' }])
  expect(described.variables.map(({ name, description }) => [name, description])).toEqual([
    ['firm', null],
    ['who', 'First name'],
    ['host', null],
  ])
  expect(described.problems).toEqual([{ path: 'variables.2', message: 'This template has no such variable.' }])
  const twins = [{ name: 'who' }, { name: 'who' }]
  expect(describeVariables(variables, parameterFormat, twins).problems.map(({ path }) => path)).toContain('variables')
})

test("missing examples are added from the callers' examples, or from names where that is allowed", () => {
  const body = { type: 'BODY', text: 'Bonjour {{1}}, {{2}} vous attend.' }
  const { variables } = describeVariables(variablesOf([body], []).variables, 'POSITIONAL', [
    { position: 1, name: 'who', example: 'Salma' },
    { position: 2, name: 'host_name' },
  ])
  expect(withExamples([body], variables, { orName: false })).toEqual([body])
  expect(withExamples([body], variables, { orName: true })).toEqual([
    { ...body, example: { body_text: [['Salma', 'host name']] } },
  ])
  const [open] = withExamples([{ type: 'BODY', text: 'Bonjour {{who}} !' }], variables.slice(0, 1), { orName: false })
  expect(open?.example).toEqual({ body_text_named_params: [{ param_name: 'who', example: 'Salma' }] })
})
