import { fireEvent, screen, within } from '@testing-library/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Role } from '../../../lib/api/types.ts'
import { openPage } from '../../../test/open-page.tsx'
import { newTemplateRoute } from '../route.ts'

type Answer = [status: number, body: object]

async function open(answer: () => Answer = () => [201, {}], role: Role = 'manager') {
  const sent: { body: Record<string, unknown>; key: string }[] = []
  vi.stubGlobal('fetch', async (_url: string, { body, headers }: RequestInit) => {
    const key = (headers as Record<string, string>)['idempotency-key'] as string
    sent.push({ body: JSON.parse(String(body)), key })
    const [status, answered] = answer()
    return Response.json(answered, { status })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  return { sent, ...(await openPage(newTemplateRoute, '/templates/new', { role })) }
}

const type = (label: string | RegExp, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })
const submit = () => fireEvent.click(screen.getByRole('button', { name: 'Submit to WhatsApp' }))
async function fill(): Promise<void> {
  await screen.findByLabelText('Name')
  type('Name', 'Order shipped')
  type('Text', 'Hello {{1}}, it has left.')
  type('Sample of {{1}}', 'Leila')
}

test('what is written is seen on the phone, with its samples, and goes out as Meta wants it', async () => {
  const { sent, router } = await open(() => [201, { id: '1'.repeat(24) }])
  await fill()
  type('Name of {{1}}', 'first_name')
  type('Footer', 'Atlas shop')
  fireEvent.click(screen.getByRole('button', { name: 'Quick reply' }))
  type('Quick reply: label', 'Where is it?')
  const preview = screen.getByRole('complementary', { name: 'Preview' })
  within(preview).getByText('Hello Leila, it has left.')
  within(preview).getByText('Atlas shop')
  within(preview).getByText('Where is it?')
  submit()
  await vi.waitFor(() => expect(router.state.location.search).toEqual({ open: '1'.repeat(24) }))
  expect(sent[0]?.body).toEqual({
    ...{ name: 'order_shipped', language: 'en_US', category: 'UTILITY' },
    components: [
      { type: 'BODY', text: 'Hello {{1}}, it has left.' },
      { type: 'FOOTER', text: 'Atlas shop' },
      { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Where is it?' }] },
    ],
    variables: [{ position: 1, component: 'BODY', name: 'first_name', example: 'Leila' }],
  })
  expect(sent[0]?.key).toMatch(/^[0-9a-f-]{36}$/)
})

test('limits count while somebody writes; what is missing is said when it is sent, and nothing goes out', async () => {
  const { sent } = await open()
  await screen.findByLabelText('Footer')
  type('Footer', 'a'.repeat(62))
  screen.getByText('62 / 60')
  screen.getByText('2 characters too many; WhatsApp takes 60.')
  expect(screen.queryByText('This is missing.')).toBeNull()
  submit()
  await screen.findByText('3 fields are to be mended.')
  expect(screen.getAllByText('This is missing.')).toHaveLength(2)
  await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText('Name')))
  expect(sent).toEqual([])
})

test('what the server refuses stands at its field until something is changed, and another try has another key', async () => {
  const refused = { errorCode: 'TEMPLATE_REFUSED', detail: 'This template has too many variables.', meta: { subcode: 2388293 } }
  const { sent } = await open(() => [422, refused])
  await fill()
  submit()
  await screen.findByText('This template has too many variables.')
  expect(screen.getByLabelText('Text').getAttribute('aria-invalid')).toBe('true')
  type('Text', 'Hello {{1}}, it has left us.')
  expect(screen.queryByText('This template has too many variables.')).toBeNull()
  submit()
  await vi.waitFor(() => expect(sent).toHaveLength(2))
  expect(sent[1]?.key).not.toBe(sent[0]?.key)
})

test('what concerns no field is said below the form', async () => {
  await open(() => [503, { errorCode: 'META_UNAVAILABLE', detail: 'WhatsApp cannot be reached at the moment.' }])
  await fill()
  submit()
  await screen.findByText('WhatsApp cannot be reached at the moment.')
  expect(screen.getByRole('alert').textContent).toContain('It was not submitted:')
})

test('an agent has no right to write templates', async () => {
  await open(undefined, 'agent')
  await screen.findByText('Your role does not include this')
  expect(screen.queryByLabelText('Name')).toBeNull()
})
