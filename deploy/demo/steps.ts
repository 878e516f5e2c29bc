import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { io, type Socket } from 'socket.io-client'
import { ROOT } from '#shared/process/config.ts'

/** What the scenes of `npm run demo` share: calls, steps that are printed with their latency, and waits. */

/** Longest wait for a step. */
const STEP_MS = 15_000

/** Addresses and secrets of the running stack. @param given another file than the launcher's */
export function readStack(given: string | undefined): Record<string, string> {
  const file = given ?? path.join(ROOT, '.linko/demo.env')
  if (!existsSync(file)) fail('The stack is not running. Start it with `npm start` first.')
  return parseEnv(readFileSync(file, 'utf8')) as Record<string, string>
}

export interface Body {
  [member: string]: unknown
}
export interface Answer {
  status: number
  body: Body
}

export async function call(method: string, url: string, body?: unknown, token?: string): Promise<Answer> {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (token) headers.authorization = `Bearer ${token}`
  const response = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  return { status: response.status, body: (await response.json().catch(() => ({}))) as Body }
}

export function fail(why: string): never {
  console.error(why)
  process.exit(1)
}

let startedAt = 0
/** Prints a step with the time since its scene began. */
export const printStep = (name: string, detail = '', at = performance.now()) =>
  console.log(`  ${`${Math.round(at - startedAt)} ms`.padStart(9)}  ${name.padEnd(44)}${detail}`)
export function beginScene(title: string): void {
  console.log(`\n${title}`)
  startedAt = performance.now()
}

/** Opens a socket as the user of a token, once it is greeted. */
export async function openSocket(url: string, token: string): Promise<Socket> {
  const socket = io(url, { auth: { token }, transports: ['websocket'] })
  await nextEvent(socket, 'session:ready', () => true)
  return socket
}

/** Resolves with the first event of that name for which `matches` is true. @throws Error after `STEP_MS` */
export function nextEvent(socket: Socket, name: string, matches: (event: Body) => boolean): Promise<Body> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`There was no ${name} within ${STEP_MS / 1000} s.`)), STEP_MS)
    const listener = (event: Body) => {
      if (!matches(event)) return
      clearTimeout(timer)
      socket.off(name, listener)
      resolve(event)
    }
    socket.on(name, listener)
  })
}

/** Polls until `find` returns a value. @throws Error after `STEP_MS` */
export async function poll<T>(name: string, find: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + STEP_MS
  for (;;) {
    const found = await find()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`${name} did not happen within ${STEP_MS / 1000} s.`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
