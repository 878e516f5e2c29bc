import { createRoute } from '@tanstack/react-router'
import { fireEvent, screen } from '@testing-library/react'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { loadTexts } from '../../lib/i18n/i18n.ts'
import { shellRoute } from '../../lib/routes.ts'
import { openPage } from '../../test/open-page.tsx'
import type { Connection, ConnectionStep, NumberDetails } from './data.ts'
import { NumberCard } from './number-card.tsx'
import { StepList } from './step-list.tsx'

const NUMBER: NumberDetails = {
  id: 'n1',
  companyName: 'Atlas',
  whatsappNumber: '+212 600 00 00 01',
  verifiedName: null,
  phoneNumberId: '105',
  isPrimary: true,
  coexistence: false,
  status: 'active',
  reason: null,
  reasonKey: null,
  pauseReason: null,
  pauseCode: null,
  qualityRating: 'GREEN',
  messagingLimit: 1000,
  throughput: 80,
  tokenExpiry: null,
  tokenValid: true,
  webhookElsewhere: null,
}
const step = (key: string, state: ConnectionStep['state'], more: Partial<ConnectionStep> = {}): ConnectionStep => ({
  ...{ key, state, wabaId: null, phoneNumberId: null, required: true, code: null, metaText: null, sentence: null, cure: null },
  note: null,
  ...{ sentenceKey: null, cureKey: null, noteKey: null },
  ...more,
})
const connection = (steps: ConnectionStep[]): Connection => ({
  ...{ id: 'c1', kind: 'signup', state: 'FAILED', numbers: [], createdAt: '2026-11-29T10:00:00.000Z' },
  steps,
})

beforeAll(() => loadTexts('features/numbers'))

async function show(
  page: React.ReactNode,
  answer: (method: string, path: string) => [number, object],
  role: 'agent' | 'tenant_admin',
) {
  const calls: unknown[] = []
  vi.stubGlobal('fetch', async (url: string, { method, body }: RequestInit) => {
    const path = url.replace('/api/v1', '')
    calls.push([method, path, body === undefined ? null : JSON.parse(String(body))])
    const [status, content] = answer(String(method), path)
    return Response.json(content, { status })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  const route = createRoute({ getParentRoute: () => shellRoute, path: '/numbers', component: () => page })
  await openPage(route, '/numbers', { role })
  return calls
}

test('a number is disconnected only after it was said what stops', async () => {
  const calls = await show(<NumberCard number={NUMBER} />, () => [200, { stops: { messages: 3, campaigns: 1 } }], 'tenant_admin')
  fireEvent.click(screen.getByRole('button', { name: 'Disconnect' }))
  await screen.findByText(/Nothing is sent or received/)
  expect(calls).toEqual([])
  fireEvent.click(screen.getAllByRole('button', { name: 'Disconnect' }).at(-1) as HTMLElement)
  await vi.waitFor(() => expect(calls).toEqual([['DELETE', '/phone-numbers/n1', null]]))
})

test('a check shows every step, also one that this page does not know yet', async () => {
  const steps = [step('token', 'DONE'), step('subscribe', 'TODO', { note: 'mended' }), step('brand-new', 'PENDING')]
  await show(<NumberCard number={NUMBER} />, () => [200, { ...connection(steps), state: 'DONE' }], 'tenant_admin')
  fireEvent.click(screen.getByRole('button', { name: 'Check' }))
  await screen.findByText('mended')
  await screen.findByText('brand-new')
})

test('a failed step says our sentence, the cure and what Meta said, and goes on with the PIN', async () => {
  const failed = { sentence: 'The PIN is wrong.', cure: 'Type the PIN.', code: 133005, metaText: '<b>Two step</b>' }
  const calls = await show(
    <StepList connection={connection([step('register', 'FAILED', failed)])} />,
    () => [200, { ...connection([]), oauthUrl: null }],
    'tenant_admin',
  )
  expect(screen.getByText('The PIN is wrong.')).toBeTruthy()
  expect(screen.getByText('Type the PIN.')).toBeTruthy()
  expect(screen.getByText('<b>Two step</b>')).toBeTruthy()
  fireEvent.change(screen.getByLabelText('PIN of two-step verification'), { target: { value: '123456' } })
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }))
  await vi.waitFor(() => expect(calls).toEqual([['POST', '/connections/c1/continue', { pin: '123456' }]]))
})

test('with several numbers each step says which one it is about', async () => {
  const numbers = ['105', '106'].map(phoneNumberId => ({
    phoneNumberId,
    whatsappNumber: `+${phoneNumberId}`,
    verifiedName: null,
  }))
  const steps = [step('waba', 'DONE'), step('pin', 'DONE', { phoneNumberId: '106' })]
  await show(<StepList connection={{ ...connection(steps), numbers }} />, () => [200, {}], 'tenant_admin')
  expect(screen.getByText('+106')).toBeTruthy()
  expect(screen.queryByText('+105')).toBeNull()
})

test.for<[what: string, more: Partial<NumberDetails>, says: string]>([
  ['at its check', { tokenValid: false }, 'refused: connect again'],
  ['in an answer since', { status: 'paused', pauseReason: 'token', pauseCode: 190 }, 'refused: connect again'],
  ['never: its key is missing here', { status: 'paused', pauseReason: 'token' }, 'does not end'],
  ['never', {}, 'does not end'],
])('the access of a number whose token Meta has refused has ended: %s', async ([, more, says]) => {
  await show(<NumberCard number={{ ...NUMBER, ...more }} />, () => [200, {}], 'agent')
  expect(screen.getByText('Access until').nextElementSibling?.textContent).toBe(says)
})

test('an agent sees numbers and no button', async () => {
  await show(<NumberCard number={NUMBER} />, () => [200, {}], 'agent')
  expect(screen.getByText('Atlas')).toBeTruthy()
  expect(screen.queryByRole('button')).toBeNull()
})
