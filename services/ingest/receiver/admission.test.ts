import { expect, test } from 'vitest'
import { Admission } from './admission.ts'

/** Lets in connections `a1`, `b2` and so on, of the addresses `a`, `b`. @returns whom the last one sent away */
function letIn(admission: Admission<string>, names: string): string[] {
  return names.split(' ').reduce<string[]>((_, name) => admission.add(name, name[0] as string), [])
}

test('within the bounds nobody gives way', () => {
  const admission = new Admission<string>({ most: 4, mostOfOne: 3 })
  expect(letIn(admission, 'a1 a2 a3 b1')).toEqual([])
  expect(admission.sum()).toBe(4)
})

test('an address at its bound loses its oldest, whatever room there is', () => {
  const admission = new Admission<string>({ most: 100, mostOfOne: 2 })
  expect(letIn(admission, 'b1 a1 a2 a3')).toEqual(['a1'])
  expect(letIn(admission, 'a4')).toEqual(['a2'])
})

test('when all is full, the address with the most loses its oldest, not the one that is new', () => {
  const admission = new Admission<string>({ most: 5, mostOfOne: 4 })
  expect(letIn(admission, 'b1 a1 a2 a3 a4 c1')).toEqual(['a1'])
  expect(letIn(admission, 'b2')).toEqual(['a2'])
  expect(admission.sum()).toBe(5)
})

test('addresses with one each: the one that is there longest gives way', () => {
  const admission = new Admission<string>({ most: 2 })
  expect(letIn(admission, 'a1 b1 c1')).toEqual(['a1'])
})

test('who has proven itself or is gone is neither counted nor sent away', () => {
  const admission = new Admission<string>({ most: 2 })
  letIn(admission, 'a1 a2')
  admission.remove('a1')
  admission.remove('a1')
  expect(admission.sum()).toBe(1)
  expect(letIn(admission, 'a3')).toEqual([])
  expect(letIn(admission, 'a4')).toEqual(['a2'])
})

test('whoever grows moves to the end: the one that is silent longest goes, however small', () => {
  const admission = new Admission<string>({ most: 10 })
  admission.add('a1', 'a', 2)
  admission.add('a2', 'a', 2)
  admission.add('a1', 'a', 4)
  expect(admission.add('a3', 'a', 4)).toEqual(['a2'])
  expect(admission.sum()).toBe(10)
})

test('whoever alone is more than there may be goes itself', () => {
  const admission = new Admission<string>({ most: 10 })
  admission.add('a1', 'a', 4)
  expect(admission.add('a2', 'a', 11)).toEqual(['a1', 'a2'])
  expect(admission.sum()).toBe(0)
})

test('a hundred thousand come and go without a trace', () => {
  const admission = new Admission<number>({ most: 50, mostOfOne: 10 })
  let most = 0
  for (let i = 0; i < 100_000; i++) {
    admission.add(i, String(i % 97))
    most = Math.max(most, admission.sum())
  }
  expect(most).toBe(50)
  for (let i = 0; i < 100_000; i++) admission.remove(i)
  expect(admission.sum()).toBe(0)
})
