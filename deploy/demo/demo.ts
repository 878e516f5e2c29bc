import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { io, type Socket } from 'socket.io-client'
import { ROOT } from '#shared/process/config.ts'
import { DEMO_TENANTS } from './world.ts'

/** `npm run demo`: a whole conversation against the running stack, each hop with its latency. Exits with 1 when one is missing. */
const file = path.join(ROOT, '.linko/demo.env')
if (!existsSync(file)) fail('Start the stack first: npm start')
const env = parseEnv(readFileSync(file, 'utf8')) as Record<string, string>
const simulator = env.META_GRAPH_URL as string
const api = `${env.BASE_URL}/api/v1`
const { phoneNumberId } = DEMO_TENANTS.demo
const HOP_MS = 15_000

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
const hop = (what: string, detail = '') =>
  console.log(`  ${`${Math.round(performance.now() - startedAt)} ms`.padStart(9)}  ${what.padEnd(44)}${detail}`)
function scene(title: string): void {
  console.log(`\n${title}`)
  startedAt = performance.now()
}

/** The first event of that name that fits. */
function heard(socket: Socket, name: string, fits: (event: Body) => boolean): Promise<Body> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${name} within ${HOP_MS / 1000} s`)), HOP_MS)
    const listener = (event: Body) => {
      if (!fits(event)) return
      clearTimeout(timer)
      socket.off(name, listener)
      resolve(event)
    }
    socket.on(name, listener)
  })
}

async function polled<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const until = Date.now() + HOP_MS
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > until) throw new Error(`${what}: not within ${HOP_MS / 1000} s`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

async function signIn(): Promise<{ token: string; socket: Socket }> {
  scene('Sign in')
  const { status, body } = await call('POST', `${api}/auth/login`, {
    email: 'agent@whatsapp-saas.com',
    password: 'Agent@123456',
    client: 'api',
  })
  if (status !== 200) fail(`login answered ${status}: ${JSON.stringify(body)}`)
  hop('POST /auth/login', String((body.user as Body).role))
  const token = String(body.accessToken)
  const socket = io(env.SOCKET_URL as string, { auth: { token }, transports: ['websocket'] })
  await heard(socket, 'session:ready', () => true)
  hop('socket: session:ready')
  return { token, socket }
}

async function customerWrites(socket: Socket, token: string, from: string): Promise<string> {
  scene('A customer writes')
  const message = `Bonjour, le poste est-il toujours ouvert ? (${Date.now()})`
  const onSocket = heard(socket, 'message:received', event => (event.message as Body).text === message)
  const sent = await call('POST', `${simulator}/_sim/inbound`, { phoneNumberId, from, name: 'Salma Idrissi', message })
  if (sent.status !== 201) fail(`the simulator answered ${sent.status}: ${JSON.stringify(sent.body)}`)
  hop('Meta: webhook signed and posted', String(sent.body.id).slice(0, 28))
  const event = await onSocket
  hop('socket: message:received', `seq ${event.seq}`)
  const conversation = await polled('REST', async () => {
    const { body } = await call('GET', `${api}/conversations?limit=20`, undefined, token)
    return (body.data as Body[]).find(({ lastMessage }) => (lastMessage as Body | null)?.text === message)
  })
  hop('REST: GET /conversations', `unread ${conversation.unreadCount}, window open: ${conversation.inWindow}`)
  return String(conversation.id)
}

/** Statuses may overtake the answer of our own call: every one of the message is remembered, and looked for afterwards. */
async function agentAnswers(socket: Socket, token: string, conversationId: string): Promise<void> {
  scene('An agent answers')
  const seen = new Map<string, number>()
  const note = (event: Body) => {
    const key = `${event.messageId}:${event.status}`
    if (!seen.has(key)) seen.set(key, performance.now())
  }
  socket.on('message:sent', note)
  socket.on('message:status', note)
  const { status, body } = await call(
    'POST',
    `${api}/messages/send`,
    { conversationId, text: 'Bonjour Salma, oui. Quand êtes-vous disponible ?' },
    token,
  )
  if (status !== 202) fail(`send answered ${status}: ${JSON.stringify(body)}`)
  hop('REST: 202', `message ${body.id}`)
  for (const step of ['sent', 'delivered', 'read']) {
    const at = await polled(`status ${step}`, async () => seen.get(`${body.id}:${step}`))
    console.log(`  ${`${Math.round(at - startedAt)} ms`.padStart(9)}  socket: ${step}`)
  }
  const detail = await call('GET', `${api}/messages/by-id/${body.id}`, undefined, token)
  hop('REST: timeline', (detail.body.timeline as Body[]).map(entry => entry.status ?? entry.outcome ?? entry.kind).join(' → '))
}

async function outsideTheWindow(socket: Socket, token: string): Promise<void> {
  scene('Outside the 24 h window')
  const to = `+2126620${String(Date.now()).slice(-5)}`
  const refused = await call('POST', `${api}/messages/send`, { to, text: 'Bonjour' }, token)
  if (refused.status !== 422) fail(`a text outside the window answered ${refused.status}, not 422`)
  hop(`REST: 422 ${refused.body.errorCode}`, `would work: ${JSON.stringify(refused.body.suggestedTemplate ?? null)}`)
  const sent = heard(
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
  if (accepted.status !== 202) fail(`the template answered ${accepted.status}: ${JSON.stringify(accepted.body)}`)
  hop('REST: 202 for the template', JSON.stringify(accepted.body.cost))
  await sent
  hop('socket: delivered')
}

async function failedSend(socket: Socket, token: string): Promise<void> {
  scene('A number that is not on WhatsApp')
  const failed = heard(socket, 'message:status', event => event.status === 'failed')
  const template = {
    templateName: 'application_received',
    language: 'fr',
    variables: { candidateName: 'Inconnu', jobTitle: 'Comptable' },
  }
  const accepted = await call('POST', `${api}/messages/send-template`, { to: '+33639981026', ...template }, token)
  if (accepted.status !== 202) fail(`the template answered ${accepted.status}: ${JSON.stringify(accepted.body)}`)
  hop('REST: 202')
  const { error } = (await failed) as { error: Body }
  hop('socket: failed', `${error.code}: ${error.sentence}`)
  console.log(`${' '.repeat(13)}next step: ${error.nextStep}`)
}

try {
  const { token, socket } = await signIn()
  const conversationId = await customerWrites(socket, token, '212661000101')
  await agentAnswers(socket, token, conversationId)
  await outsideTheWindow(socket, token)
  await failedSend(socket, token)
  socket.disconnect()
  console.log('\nEvery hop was seen.')
} catch (error) {
  fail(`\n${error instanceof Error ? error.message : error}`)
}
