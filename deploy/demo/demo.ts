import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { io, type Socket } from 'socket.io-client'
import { ROOT } from '#shared/process/config.ts'
import { DEMO_TENANTS } from './world.ts'

/**
 * `npm run demo`: plays a conversation against the running stack and prints the latency of each step. Exits with 1 when a step fails.
 * The argument names another file with the stack's addresses.
 */
const file = process.argv[2] ?? path.join(ROOT, '.linko/demo.env')
if (!existsSync(file)) fail('The stack is not running. Start it with `npm start` first.')
const env = parseEnv(readFileSync(file, 'utf8')) as Record<string, string>
const simulator = env.META_GRAPH_URL as string
const api = `${env.BASE_URL}/api/v1`
const { phoneNumberId } = DEMO_TENANTS.demo
/** Longest wait for a step. */
const STEP_MS = 15_000

interface Body {
  [member: string]: unknown
}
interface Answer {
  status: number
  body: Body
}

async function call(method: string, url: string, body?: unknown, token?: string): Promise<Answer> {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (token) headers.authorization = `Bearer ${token}`
  const response = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  return { status: response.status, body: (await response.json().catch(() => ({}))) as Body }
}

function fail(why: string): never {
  console.error(why)
  process.exit(1)
}

let startedAt = 0
/** Prints a step with the time since its scene began. */
const printStep = (name: string, detail = '', at = performance.now()) =>
  console.log(`  ${`${Math.round(at - startedAt)} ms`.padStart(9)}  ${name.padEnd(44)}${detail}`)
function beginScene(title: string): void {
  console.log(`\n${title}`)
  startedAt = performance.now()
}

/** Resolves with the first event of that name for which `matches` is true. @throws Error after `STEP_MS` */
function nextEvent(socket: Socket, name: string, matches: (event: Body) => boolean): Promise<Body> {
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
async function poll<T>(name: string, find: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + STEP_MS
  for (;;) {
    const found = await find()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`${name} did not happen within ${STEP_MS / 1000} s.`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

async function signIn(): Promise<{ token: string; socket: Socket }> {
  beginScene('Sign in')
  const { status, body } = await call('POST', `${api}/auth/login`, {
    email: 'agent@whatsapp-saas.com',
    password: 'Agent@123456',
    client: 'api',
  })
  if (status !== 200) fail(`The login answered ${status}: ${JSON.stringify(body)}`)
  printStep('POST /auth/login', String((body.user as Body).role))
  const token = String(body.accessToken)
  const socket = io(env.SOCKET_URL as string, { auth: { token }, transports: ['websocket'] })
  await nextEvent(socket, 'session:ready', () => true)
  printStep('socket: session:ready')
  return { token, socket }
}

async function customerWrites(socket: Socket, token: string, from: string): Promise<string> {
  beginScene('A customer writes')
  const message = `Bonjour, le poste est-il toujours ouvert ? (${Date.now()})`
  const onSocket = nextEvent(socket, 'message:received', event => (event.message as Body).text === message)
  const sent = await call('POST', `${simulator}/_sim/inbound`, { phoneNumberId, from, name: 'Salma Idrissi', message })
  if (sent.status !== 201) fail(`The simulator answered ${sent.status}: ${JSON.stringify(sent.body)}`)
  printStep('Meta: webhook signed and posted', String(sent.body.id).slice(0, 28))
  const event = await onSocket
  printStep('socket: message:received', `seq ${event.seq}`)
  const conversation = await poll('The message in GET /conversations', async () => {
    const { body } = await call('GET', `${api}/conversations?limit=20`, undefined, token)
    return (body.data as Body[]).find(({ lastMessage }) => (lastMessage as Body | null)?.text === message)
  })
  printStep('REST: GET /conversations', `unread ${conversation.unreadCount}, window open: ${conversation.inWindow}`)
  return String(conversation.id)
}

/** Records every status event first, because statuses may arrive before the answer of the send call. */
async function agentAnswers(socket: Socket, token: string, conversationId: string): Promise<void> {
  beginScene('An agent answers')
  const seen = new Map<string, number>()
  const record = (event: Body) => {
    const key = `${event.messageId}:${event.status}`
    if (!seen.has(key)) seen.set(key, performance.now())
  }
  socket.on('message:sent', record)
  socket.on('message:status', record)
  const { status, body } = await call(
    'POST',
    `${api}/messages/send`,
    { conversationId, text: 'Bonjour Salma, oui. Quand êtes-vous disponible ?' },
    token,
  )
  if (status !== 202) fail(`The send call answered ${status}: ${JSON.stringify(body)}`)
  printStep('REST: 202', `message ${body.id}`)
  for (const step of ['sent', 'delivered', 'read']) {
    const at = await poll(`Status ${step}`, async () => seen.get(`${body.id}:${step}`))
    printStep(`socket: ${step}`, '', at)
  }
  const detail = await call('GET', `${api}/messages/by-id/${body.id}`, undefined, token)
  printStep(
    'REST: timeline',
    (detail.body.timeline as Body[]).map(entry => entry.status ?? entry.outcome ?? entry.kind).join(' → '),
  )
}

async function outsideTheWindow(socket: Socket, token: string): Promise<void> {
  beginScene('Outside the 24 h window')
  const to = `+2126620${String(Date.now()).slice(-5)}`
  const refused = await call('POST', `${api}/messages/send`, { to, text: 'Bonjour' }, token)
  if (refused.status !== 422) fail(`A text outside the window answered ${refused.status} instead of 422.`)
  printStep(`REST: 422 ${refused.body.errorCode}`, `would work: ${JSON.stringify(refused.body.suggestedTemplate ?? null)}`)
  const sent = nextEvent(
    socket,
    'message:status',
    event => (event.message as Body).type === 'template' && event.status === 'delivered',
  )
  const template = {
    templateName: 'application_received',
    language: 'fr',
    variables: { candidateName: 'Salma', jobTitle: 'Comptable' },
  }
  const accepted = await call('POST', `${api}/messages/send-template`, { to, ...template }, token)
  if (accepted.status !== 202) fail(`The template answered ${accepted.status}: ${JSON.stringify(accepted.body)}`)
  printStep('REST: 202 for the template', JSON.stringify(accepted.body.cost))
  await sent
  printStep('socket: delivered')
}

async function failedSend(socket: Socket, token: string): Promise<void> {
  beginScene('A number that is not on WhatsApp')
  const failed = nextEvent(socket, 'message:status', event => event.status === 'failed')
  const template = {
    templateName: 'application_received',
    language: 'fr',
    variables: { candidateName: 'Inconnu', jobTitle: 'Comptable' },
  }
  const accepted = await call('POST', `${api}/messages/send-template`, { to: '+33639981026', ...template }, token)
  if (accepted.status !== 202) fail(`The template answered ${accepted.status}: ${JSON.stringify(accepted.body)}`)
  printStep('REST: 202')
  const { error } = (await failed) as { error: Body }
  printStep('socket: failed', `${error.code}: ${error.sentence}`)
  console.log(`${' '.repeat(13)}next step: ${error.nextStep}`)
}

try {
  const { token, socket } = await signIn()
  const conversationId = await customerWrites(socket, token, '212661000101')
  await agentAnswers(socket, token, conversationId)
  await outsideTheWindow(socket, token)
  await failedSend(socket, token)
  socket.disconnect()
  console.log('\nEvery step succeeded.')
} catch (error) {
  fail(`\n${error instanceof Error ? error.message : error}`)
}
