import { type Answer, type Body, beginScene, call, fail, poll, printStep } from './steps.ts'

interface Stack {
  api: string
  simulator: string
}

/** A password that nobody needs again. */
const PASSWORD = `Onboarding ${crypto.randomUUID()}`

/** An answer with the expected status. The demo ends with any other one. */
async function expected(status: number, answer: Promise<Answer>): Promise<Body> {
  const { status: given, body } = await answer
  if (given !== status) fail(`Answered ${given} instead of ${status}: ${JSON.stringify(body)}`)
  return body
}

/**
 * Brings a company from nothing to its first message that was read, by REST alone: a platform admin creates it, its admin accepts the
 * invitation, connects a number through Meta's dialog, has a template approved, and sends it.
 */
export async function playOnboarding(stack: Stack): Promise<void> {
  const { phoneNumberId } = await newNumber(stack)
  const token = await newCompany(stack)
  await connectNumber(stack, token, phoneNumberId)
  const templateName = await newTemplate(stack, token)
  await firstMessage(stack, token, templateName)
}

/** A number at Meta that nobody has connected. */
async function newNumber({ simulator }: Stack): Promise<{ phoneNumberId: string }> {
  const phoneNumberId = `4${String(Date.now()).padStart(15, '0')}`
  const number = { phoneNumberId, displayPhoneNumber: `2125${phoneNumberId.slice(-8)}`, state: 'unregistered', subscribed: false }
  await expected(201, call('POST', `${simulator}/_sim/numbers`, number))
  return { phoneNumberId }
}

async function signIn({ api }: Stack, email: string, password: string): Promise<string> {
  const body = await expected(200, call('POST', `${api}/auth/login`, { email, password, client: 'api' }))
  return String(body.accessToken)
}

async function newCompany(stack: Stack): Promise<string> {
  beginScene('A new company')
  const admin = await signIn(stack, 'admin@whatsapp-saas.com', 'Admin@123456')
  printStep('POST /auth/login', 'platform_admin')
  const adminEmail = `rh.${Date.now()}@sahara.example`
  const company = { name: 'Sahara Emploi', adminEmail, adminName: 'Nadia Alaoui' }
  const { id, link } = await expected(201, call('POST', `${stack.api}/tenants`, company, admin))
  printStep('POST /tenants', `tenant ${id}`)
  const { token: invitation } = link as Body
  await expected(204, call('POST', `${stack.api}/auth/links/accept`, { token: invitation, password: PASSWORD }))
  printStep('POST /auth/links/accept', 'the invitation is accepted')
  const token = await signIn(stack, adminEmail, PASSWORD)
  printStep('POST /auth/login', 'tenant_admin')
  return token
}

async function connectNumber({ api }: Stack, token: string, phoneNumberId: string): Promise<void> {
  beginScene('Connect a number')
  const { oauthUrl } = await expected(200, call('POST', `${api}/auth/whatsapp/initiate`, {}, token))
  printStep('POST /auth/whatsapp/initiate', 'the address of the dialog')
  const dialog = await fetch(`${oauthUrl}&sim_choose=${phoneNumberId}`, { redirect: 'manual' })
  printStep('Meta: the customer chooses and agrees')
  const headers = { accept: 'application/json' }
  const back = await fetch(String(dialog.headers.get('location')), { headers })
  if (back.status !== 200) fail(`The callback answered ${back.status}: ${await back.text()}`)
  printStep('GET /auth/whatsapp/callback', JSON.stringify(await back.json()))
  const { data } = await expected(200, call('GET', `${api}/connections?limit=1`, undefined, token))
  for (const { key, state, note, cure } of (data as [{ steps: Body[] }])[0].steps)
    printStep(`  ${key}: ${state}`, String(note ?? cure ?? ''))
}

async function newTemplate({ api }: Stack, token: string): Promise<string> {
  beginScene('The first template')
  const name = `bienvenue_${Date.now()}`
  const text = {
    body: 'Bonjour {{1}}, votre compte est ouvert.',
    variables: [{ position: 1, name: 'firstName', example: 'Salma' }],
  }
  const template = { name, language: 'fr', category: 'UTILITY', ...text }
  const { id } = await expected(201, call('POST', `${api}/templates`, template, token))
  printStep('POST /templates', name)
  await poll('The approval', async () => {
    const { body } = await call('GET', `${api}/templates/${id}`, undefined, token)
    return body.status === 'APPROVED' ? body : undefined
  })
  printStep('Meta: APPROVED')
  return name
}

async function firstMessage({ api }: Stack, token: string, templateName: string): Promise<void> {
  beginScene('The first message')
  const message = { to: `+2126620${String(Date.now()).slice(-5)}`, templateName, language: 'fr', variables: ['Salma'] }
  const { id } = await expected(202, call('POST', `${api}/messages/send-template`, message, token))
  printStep('POST /messages/send-template', `message ${id}`)
  const { timeline } = await poll('READ', async () => {
    const { body } = await call('GET', `${api}/messages/by-id/${id}`, undefined, token)
    return body.status === 'READ' ? body : undefined
  })
  printStep('READ', (timeline as Body[]).map(entry => entry.status ?? entry.outcome ?? entry.kind).join(' → '))
}
