import { setTimeout } from 'node:timers/promises'
import { DEMO_TENANTS, DEMO_USERS } from '#deploy/demo/world.ts'

type Answer = Record<string, unknown> & { id: string; data: { id: string }[] }

/** What the pictures' world is made with: calls of the API by role, and what the simulator plays. */
export function worldClient({ BASE_URL, META_GRAPH_URL }: Record<string, string>) {
  const { phoneNumberId } = DEMO_TENANTS.demo

  async function tokenOf(role: string): Promise<string> {
    const user = DEMO_USERS.find(one => one.role === role)
    const { accessToken } = await ask(null, 'POST', '/auth/login', { email: user?.email, password: user?.password })
    return accessToken as string
  }

  /** @throws for an answer that is no success */
  async function ask(token: string | null, method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${BASE_URL}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Answer
  }

  async function simulate(path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${META_GRAPH_URL}/_sim${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }

  async function inbound(from: string, message: string | object, name?: string): Promise<void> {
    await simulate('/inbound', { phoneNumberId, from, message, ...(name && { name }) })
  }

  return { tokenOf, ask, simulate, inbound }
}
export type WorldClient = ReturnType<typeof worldClient>

/** Asks until an answer is as wanted. @returns it */
export async function until(ask: () => Promise<Answer>, isWanted: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    await setTimeout(200)
  }
}
