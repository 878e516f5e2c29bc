import { expect, test } from 'vitest'
import { delimiterOf } from './csv-delimiter.ts'

test.for([
  ['phone,name\n1,"a;b;c"', ','],
  ['phone;name\n1;a,b,c,d', ';'],
  ['phone\tname\tcity, country', '\t'],
  ['"a;b;c;d",phone', ','],
  ['phone', ','],
  ['', ','],
] as const)('the cells of %j are parted by %j', ([head, expected]) => {
  expect(delimiterOf(head)).toBe(expected)
})
