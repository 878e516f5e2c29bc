import { expect, test } from 'vitest'
import { guessColumns, mappedColumns } from './mapping.ts'

const variable = (name: string) => ({ name, position: 1, component: 'BODY', example: null })
const column = (name: string, ...samples: string[]) => ({ name, samples })

test('columns are found by their names in three languages, and a number by what stands in it', () => {
  const one = { variables: [variable('1')] }
  const found = (...names: string[]) => {
    const { to, name } = guessColumns(
      one,
      names.map(each => column(each)),
    )
    return [to, name]
  }
  expect(found('Téléphone', 'Prénom', 'Ville')).toEqual(['Téléphone', 'Prénom'])
  expect(found('name', 'Mobile phone')).toEqual(['Mobile phone', 'name'])
  expect(found('الاسم', 'رقم الهاتف')).toEqual(['رقم الهاتف', 'الاسم'])
  expect(guessColumns(one, [column('A', 'Rabat'), column('B', '+212 661 00 01 01')]).to).toBe('B')
  expect(guessColumns(one, [column('A', 'Rabat')]).to).toBe('')
})

test('a variable takes the column of its name; the only one otherwise the name of the person', () => {
  const columns = [column('phone'), column('City'), column('name')]
  const two = guessColumns({ variables: [variable('city'), variable('job')] }, columns)
  expect(two.variables).toEqual({ city: { column: 'City' }, job: { column: '' } })
  expect(guessColumns({ variables: [variable('1')] }, columns).variables).toEqual({ 1: { column: 'name' } })
})

test('what is the same for everybody is a value, the rest are columns, and what nobody chose is left out', () => {
  const variables = { a: { column: 'A' }, b: { text: 'Rabat' }, c: { column: '' } }
  expect(mappedColumns({ to: 'phone', name: '', headerMedia: '', variables })).toEqual({
    columns: { to: 'phone', name: null, headerMedia: null, variables: { a: 'A' } },
    variables: { b: 'Rabat' },
  })
})
