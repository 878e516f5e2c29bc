import { fireEvent, screen } from '@testing-library/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createAppRouter } from '../../app/router.tsx'
import { createQueryClient } from '../../lib/api/query-client.ts'
import { renderRouter } from '../../test/open-page.tsx'

const LINK = {
  purpose: 'invitation',
  email: 'leila@example.com',
  name: 'Leila',
  role: 'agent',
  company: '<b>Atlas</b>',
  expiresAt: '2026-11-30T16:00:00.000Z',
}

/** Opens the page of a link; the API answers as given, by the end of the path. */
async function open(hash: string, answers: Record<string, [status: number, body: object]>) {
  const calls: [path: string, body: unknown][] = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const path = Object.keys(answers).find(end => url.endsWith(end)) ?? ''
    calls.push([path, JSON.parse(String(init.body))])
    const [status, body] = answers[path] ?? [404, {}]
    return new Response(status === 204 ? null : JSON.stringify(body), { status })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  window.history.replaceState(null, '', `/welcome${hash}`)
  const queryClient = createQueryClient()
  renderRouter(createAppRouter(queryClient), queryClient)
  await screen.findByRole('main')
  return calls
}

test('an invitation shows the company as text, and the password goes with the name', async () => {
  const calls = await open('#token=abc', {
    '/links/read': [200, LINK],
    '/links/accept': [422, { errorCode: 'PASSWORD_WEAK', detail: 'This password is too common. Choose another one.' }],
  })
  expect((await screen.findByRole('heading')).textContent).toBe('Welcome to <b>Atlas</b>')
  fireEvent.change(screen.getByLabelText('New password'), { target: { value: 'password' } })
  fireEvent.click(screen.getByRole('button', { name: 'Save and sign in' }))
  await screen.findByText(/too common/)
  expect(calls).toEqual([
    ['/links/read', { token: 'abc' }],
    ['/links/accept', { token: 'abc', password: 'password', name: 'Leila' }],
  ])
})

test('who resets a password is asked for no name, and signs in by hand if it cannot be done at once', async () => {
  const calls = await open('#token=abc', {
    '/links/read': [200, { ...LINK, purpose: 'reset' }],
    '/links/accept': [204, {}],
    '/login': [401, { errorCode: 'UNAUTHENTICATED' }],
  })
  await screen.findByRole('heading')
  expect(screen.queryByLabelText('Your name')).toBeNull()
  fireEvent.change(screen.getByLabelText('New password'), { target: { value: 'a quiet green lamp' } })
  fireEvent.click(screen.getByRole('button', { name: 'Save and sign in' }))
  await screen.findByRole('heading', { name: 'Sign in' })
  expect(window.location.pathname).toBe('/sign-in')
  expect(calls.slice(1, 3)).toEqual([
    ['/links/accept', { token: 'abc', password: 'a quiet green lamp' }],
    ['/login', { email: 'leila@example.com', password: 'a quiet green lamp' }],
  ])
})

test.for([
  ['a used link', '#token=abc'],
  ['an address without a token', ''],
] as const)('%s says what to do', async ([, hash]) => {
  await open(hash, { '/links/read': [410, { errorCode: 'LINK_INVALID' }] })
  await screen.findByText('This link does not work any more')
  expect(screen.getByRole('link', { name: 'To the sign-in' })).toBeTruthy()
})
