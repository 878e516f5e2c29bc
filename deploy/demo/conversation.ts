import type { Socket } from 'socket.io-client'
import { type Body, beginScene, call, fail, nextEvent, openSocket, poll, printStep } from './steps.ts'
import { DEMO_TENANTS } from './world.ts'

const { phoneNumberId } = DEMO_TENANTS.demo

/** Addresses of the stack that is played against. */
interface Stack {
  api: string
  simulator: string
  sockets: string
}

/** A customer writes, an agent answers, a template goes out, and a send fails. */
export async function playConversation(stack: Stack): Promise<void> {
  const { token, socket } = await signIn(stack)
  const conversationId = await customerWrites(stack, socket, token, '212661000101')
  await agentAnswers(stack, socket, token, conversationId)
  await outsideTheWindow(stack, socket, token)
  await failedSend(stack, socket, token)
  socket.disconnect()
}

async function signIn({ api, sockets }: Stack): Promise<{ token: string; socket: Socket }> {
  beginScene('Sign in')
  const { status, body } = await call('POST', `${api}/auth/login`, {
    email: 'agent@whatsapp-saas.com',
    password: 'Agent@123456',
    client: 'api',
  })
  if (status !== 200) fail(`The login answered ${status}: ${JSON.stringify(body)}`)
  printStep('POST /auth/login', String((body.user as Body).role))
  const token = String(body.accessToken)
  const socket = await openSocket(sockets, token)
  printStep('socket: session:ready')
  return { token, socket }
}

async function customerWrites({ api, simulator }: Stack, socket: Socket, token: string, from: string): Promise<string> {
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
async function agentAnswers({ api }: Stack, socket: Socket, token: string, conversationId: string): Promise<void> {
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

async function outsideTheWindow({ api }: Stack, socket: Socket, token: string): Promise<void> {
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

async function failedSend({ api }: Stack, socket: Socket, token: string): Promise<void> {
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
