import { expect, test } from 'vitest'
import { PROFILE_FIELDS, PROFILE_LIMITS, refusedField, VERTICALS } from './business-profile.ts'

test.for([
  ['Param about must be at most 139 characters long.', 'about'],
  ['(#100) Param websites[0] must be a valid URI.', 'websites'],
  ['Invalid website', 'websites'],
  ['Param profile_picture_handle is not a valid handle', 'pictureMediaId'],
  ['Param VERTICAL must be one of {OTHER, AUTO}', 'vertical'],
  ['Something went wrong', null],
] as const)('a refusal that says %j is about %s', ([detail, field]) => {
  expect(refusedField(detail)).toBe(field)
})

test('industries that Meta does not let anybody set are not offered', () => {
  expect(VERTICALS.filter(one => ['UNDEFINED', 'NOT_A_BIZ', ''].includes(one))).toEqual([])
  expect(new Set(VERTICALS).size).toBe(VERTICALS.length)
  expect(
    Object.keys(PROFILE_LIMITS)
      .filter(name => name !== 'website')
      .every(name => PROFILE_FIELDS.some(one => one === name)),
  ).toBe(true)
})
