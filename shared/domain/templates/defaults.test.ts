import { expect, test } from 'vitest'
import { withFacts } from './defaults.ts'

const named = [
  { name: 'candidateName', position: 1, component: 'BODY' },
  { name: 'jobTitle', position: 2, component: 'BODY' },
]
const numbered = [
  { name: '1', position: 1, component: 'HEADER' },
  { name: '1', position: 1, component: 'BODY' },
  { name: '2', position: 2, component: 'BODY' },
]
const spelled = [
  { name: 'candidate_name', position: 1, component: 'BODY' },
  { name: 'CompanyName', position: 2, component: 'BODY' },
]
const facts = { candidateName: 'Salma', jobTitle: 'Comptable', companyName: 'Atlas' }

test.for<[string, typeof named, Record<string, string>, Record<string, string>]>([
  ['by their names', named, {}, { candidateName: 'Salma', jobTitle: 'Comptable' }],
  ['where nothing is given', named, { jobTitle: 'Vendeuse' }, { candidateName: 'Salma', jobTitle: 'Vendeuse' }],
  ['nor by position', named, { 1: 'Amal' }, { 1: 'Amal', jobTitle: 'Comptable' }],
  ['in their order where the body numbers its variables', numbered, {}, { 1: 'Salma', 2: 'Comptable' }],
  ['and never beside the template', [], {}, {}],
  ['in whatever spelling', spelled, {}, { candidate_name: 'Salma', CompanyName: 'Atlas' }],
])('facts fill variables %s', ([, variables, given, expected]) => {
  expect(withFacts(variables, given, facts)).toEqual(expected)
})

test('a variable without a known fact is left out', () => {
  expect(withFacts(named, {}, { candidateName: 'Salma' })).toEqual({ candidateName: 'Salma' })
  expect(withFacts([{ name: 'city', position: 1, component: 'BODY' }], {}, facts)).toEqual({})
})
