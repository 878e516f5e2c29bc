import { expect, test } from 'vitest'
import { Admission } from './admission.ts'

test('[F50] a user and a tenant have so many places at once, and each freed place goes to one', () => {
  const admission = new Admission({ perUser: 2, perTenant: 3 })
  const of = (userId: string, tenantId = 't') => admission.reserve({ userId, tenantId })
  const [first, second] = [of('a'), of('a')]
  expect([first, second]).toEqual([expect.any(Function), expect.any(Function)])
  expect(of('a')).toBeNull()
  expect(of('b')).not.toBeNull()
  expect(of('c')).toBeNull()
  expect(of('d', 'other')).not.toBeNull()
  first?.()
  first?.()
  expect(of('a')).not.toBeNull()
  expect(of('a')).toBeNull()
  expect(of('c')).toBeNull()
})
