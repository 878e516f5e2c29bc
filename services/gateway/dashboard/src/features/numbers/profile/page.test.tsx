import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeAll, expect, test, vi } from 'vitest'
import type { Role } from '../../../lib/api/types.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { type Answers, openWithAnswers } from '../../../test/open-with-answers.ts'
import { numberRoute } from '../route.ts'

const NUMBER = {
  ...{ id: 'n1', companyName: 'Atlas', verifiedName: 'Atlas Recrutement', whatsappNumber: '+212 600 11 12 22' },
  ...{ status: 'active', reason: null, phoneNumberId: '105' },
}
const SHOWN = {
  ...{ about: 'We hire', description: null, address: null, email: 'a@atlas.example', websites: ['https://atlas.example'] },
  ...{ vertical: 'PROF_SERVICES', pictureUrl: null },
}
const USERNAME = '/phone-numbers/n1/username'
const NO_NAME = { username: null, status: null, suggestions: ['atlas.rh'] }
const ADDRESS = '/phone-numbers/n1/business-profile'

beforeAll(async () => {
  await Promise.all(['features/numbers', 'features/numbers/profile', 'ui/form'].map(loadTexts))
  URL.createObjectURL = () => 'blob:picture'
  URL.revokeObjectURL = () => undefined
})

const open = (answers: Answers = {}, role: Role = 'tenant_admin') =>
  openWithAnswers({
    ...{ page: numberRoute, address: '/numbers/n1', role },
    answers: {
      'GET /phone-numbers/n1': [200, NUMBER],
      [`GET ${ADDRESS}`]: [200, SHOWN],
      [`GET ${USERNAME}`]: [200, NO_NAME],
      ...answers,
    },
  })
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }))
const preview = () => screen.getByRole('complementary', { name: 'As customers see it' })

test('what is written is seen as customers see it, and only what was changed is sent', async () => {
  const { calls } = await open({ [`PATCH ${ADDRESS}`]: body => [200, { ...SHOWN, ...(body as object) }] })
  await screen.findByLabelText('About')
  const shown = within(preview())
  shown.getByText('Atlas Recrutement')
  shown.getByText('Professional services')
  expect(shown.queryByText('Address')).toBeNull()
  type('Address', '12 rue de Fès')
  type('E-mail', '')
  type('Website 2', 'https://shop.atlas.example')
  type('Industry', 'RETAIL')
  shown.getByText('12 rue de Fès')
  shown.getByText('https://shop.atlas.example')
  expect(shown.queryByText('a@atlas.example')).toBeNull()
  screen.getByText(/changes not saved/)
  fireEvent.click(screen.getByText('Save'))
  await waitFor(() => expect(screen.queryByText('Save')).toBeNull())
  const websites = ['https://atlas.example', 'https://shop.atlas.example']
  const change = { address: '12 rue de Fès', email: null, websites, vertical: 'RETAIL' }
  const expected = { address: null, email: 'a@atlas.example', websites: ['https://atlas.example'], vertical: 'PROF_SERVICES' }
  expect(calls).toEqual([['PATCH', ADDRESS, { ...change, expected }]])
})

test('what WhatsApp refuses stands at its field, and what others changed beside one’s own', async () => {
  const refused = { errorCode: 'PROFILE_REFUSED', detail: 'No links.', errors: [{ path: 'address', message: 'No links.' }] }
  const current = { ...SHOWN, address: 'Theirs' }
  const changed = {
    errorCode: 'CHANGED_MEANWHILE',
    detail: 'x',
    errors: [{ path: 'address', message: 'x' }],
    current,
    changedBy: null,
  }
  const answers: [number, object][] = [
    [422, refused],
    [409, changed],
  ]
  const { calls } = await open({ [`PATCH ${ADDRESS}`]: () => answers.shift() ?? [200, { ...SHOWN, address: 'Mine' }] })
  await screen.findByLabelText('About')
  type('Address', 'Mine')
  press('Save')
  await screen.findByText('No links.')
  expect(document.activeElement).toBe(screen.getByLabelText('Address'))
  press('Save')
  await screen.findByText('Theirs')
  press('Save mine instead')
  await waitFor(() => expect(calls).toHaveLength(3))
  expect(calls[2]?.[2]).toEqual({ address: 'Mine', expected: { address: 'Theirs' } })
})

test('a file that WhatsApp does not take is said before it is sent; one that it takes is seen at once', async () => {
  await open()
  const field = await screen.findByLabelText('Picture')
  fireEvent.change(field, { target: { files: [new File(['x'], 'a.webp', { type: 'image/webp' })] } })
  screen.getByText('WhatsApp takes a JPEG or PNG of at most 5 MB.')
  expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
  fireEvent.change(field, { target: { files: [new File(['x'], 'a.png', { type: 'image/png' })] } })
  expect(preview().querySelector('img')?.getAttribute('src')).toBe('blob:picture')
  screen.getByRole('button', { name: 'Save' })
  press('Keep the present picture')
  expect(preview().querySelector('img')).toBeNull()
  expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
})

test('leaving with changes asks first', async () => {
  const { router } = await open()
  await screen.findByLabelText('About')
  type('About', 'Other')
  fireEvent.click(screen.getByRole('link', { name: 'All numbers' }))
  fireEvent.click(
    within(await screen.findByRole('dialog', { name: 'Leave without saving?' })).getByRole('button', { name: 'Stay' }),
  )
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(router.state.location.pathname).toBe('/numbers/n1')
})

test('a profile that cannot be read says why and is asked for again; a number that is not connected has none to read', async () => {
  let isBroken = true
  await open({
    [`GET ${ADDRESS}`]: () => (isBroken ? [409, { errorCode: 'TOKEN_INVALID', detail: 'The token has ended.' }] : [200, SHOWN]),
  })
  await screen.findByText('The token has ended.')
  isBroken = false
  press('Try again')
  await screen.findByLabelText('About')
})

test('a number that is not connected has no profile to change', async () => {
  const asked = vi.fn<() => [number, object]>(() => [200, SHOWN])
  await open({ 'GET /phone-numbers/n1': [200, { ...NUMBER, status: 'disconnected' }], [`GET ${ADDRESS}`]: asked })
  await screen.findByText(/while the number is connected/)
  expect(asked).not.toHaveBeenCalled()
})

test('a number of somebody else is not here, and a manager has no right', async () => {
  await open({ 'GET /phone-numbers/n1': [404, { errorCode: 'NOT_FOUND', detail: 'no' }] })
  await screen.findByRole('heading', { name: 'This is not here' })
})

test('a manager has no right to the profile', async () => {
  await open({}, 'manager')
  await screen.findByRole('heading', { name: 'Your role does not include this' })
})

test('a username is chosen from what WhatsApp proposes, moved here once that is confirmed, and removed', async () => {
  const elsewhere = { errorCode: 'USERNAME_OF_ANOTHER_NUMBER', detail: 'x', errors: [{ path: 'username', message: 'x' }] }
  const answers: [number, object][] = [
    [409, elsewhere],
    [200, { ...NO_NAME, username: 'atlas.rh', status: 'reserved' }],
  ]
  const { calls } = await open({ [`PUT ${USERNAME}`]: () => answers.shift() ?? [500, {}], [`DELETE ${USERNAME}`]: [204, null] })
  await screen.findByText('This number has no username.')
  type('New username', 'atlas.com')
  screen.getByText('It cannot end like a web address, such as .com.')
  press('@atlas.rh')
  press('Claim')
  const dialog = within(await screen.findByRole('dialog', { name: 'Move the username here?' }))
  fireEvent.click(dialog.getByRole('button', { name: 'Move here' }))
  await screen.findByText('Reserved: not in use yet')
  press('Remove username')
  const asked = within(await screen.findByRole('dialog', { name: 'Remove the username?' }))
  fireEvent.click(asked.getByRole('button', { name: 'Remove username' }))
  await screen.findByText('This number has no username.')
  expect(calls).toEqual([
    ['PUT', USERNAME, { username: 'atlas.rh', transfer: false }],
    ['PUT', USERNAME, { username: 'atlas.rh', transfer: true }],
    ['DELETE', USERNAME, null],
  ])
})
