import { render, screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { Input, TextArea } from './field.tsx'

test('an empty field has the direction of the page, one with a text that of the text', () => {
  const change = () => undefined
  const { rerender } = render(<Input dir="auto" value="" onChange={change} />)
  const field = () => screen.getByRole('textbox')
  expect(field().getAttribute('dir')).toBeNull()
  rerender(<Input dir="auto" value="a" onChange={change} />)
  expect(field().getAttribute('dir')).toBe('auto')
  rerender(<TextArea dir="auto" value="" onChange={change} />)
  expect(field().getAttribute('dir')).toBeNull()
  rerender(<Input dir="ltr" value="" onChange={change} />)
  expect(field().getAttribute('dir')).toBe('ltr')
})
