import type { AnyRoute } from '@tanstack/react-router'
import { onTestFinished, vi } from 'vitest'
import type { Role } from '../lib/api/types.ts'
import { openPage } from './open-page.tsx'

/** What the server says, by method and path without query: `GET /labels`. A function hears the body. */
export type Answers = Record<string, Answer | ((body: unknown) => Answer)>
type Answer = [status: number, body: object | null]

interface Options {
  page: AnyRoute
  address: string
  answers: Answers
  role?: Role
}

/** Opens an address with a server that knows `answers` and nothing else. @returns also what it was asked to change, in order */
export async function openWithAnswers({ page, address, answers, role = 'tenant_admin' }: Options) {
  const calls: [method: string, path: string, body: unknown][] = []
  vi.stubGlobal('fetch', async (url: string, { method = 'GET', body }: RequestInit) => {
    const path = new URL(url, 'http://linko').pathname.replace('/api/v1', '')
    const content = typeof body === 'string' ? JSON.parse(body) : null
    if (method !== 'GET') calls.push([method, path, content])
    const known = answers[`${method} ${path}`] ?? [404, { errorCode: 'NOT_FOUND', detail: `no ${method} ${path}` }]
    const [status, answer] = typeof known === 'function' ? known(content) : known
    return status === 204 ? new Response(null, { status }) : Response.json(answer, { status })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  return { calls, ...(await openPage(page, address, { role })) }
}
