import { type Call, Reply } from '../call.ts'
import { issueCode } from '../control/tokens.ts'
import { idOf, objectOf, textOf } from '../params.ts'
import { emitForWaba } from '../webhooks/emit.ts'
import { TOKEN_SCOPES } from '../world/demo.ts'
import type { PhoneNumber, Waba, World } from '../world/world.ts'

/** Parameters of the dialog's address that its form sends again. */
const CARRIED = ['client_id', 'redirect_uri', 'state', 'config_id', 'scope', 'response_type', 'display', 'extras']
const SIXTY_DAYS_MS = 60 * 86_400_000

/**
 * `GET /dialog/oauth`: the page on which a customer chooses numbers and agrees. With `sim_choose` (ids of numbers or WABAs by comma, or
 * `cancel`) and `sim_decline` (scopes by comma) the answer is the redirect itself, for tests without a browser.
 */
export function showDialog(call: Call): Reply {
  const problem = problemOf(call)
  if (problem) return page(400, '<h1>Sorry, something went wrong.</h1>', `<p>${escapeHtml(problem)}</p>`)
  const choice = idOf(call.params.sim_choose)
  if (choice === undefined) return page(200, '<h1>Connect your account to WhatsApp</h1>', form(call))
  return decide(call, wordsOf(choice), wordsOf(call.params.sim_decline))
}

/** `POST /dialog/oauth`: the submitted form, answered with the redirect. */
export function submitDialog(call: Call): Reply {
  const problem = problemOf(call)
  if (problem) return page(400, '<h1>Sorry, something went wrong.</h1>', `<p>${escapeHtml(problem)}</p>`)
  const sent = new URLSearchParams(call.body.toString('utf8'))
  return decide(call, sent.getAll('choice'), sent.getAll('decline'))
}

const wordsOf = (text: unknown): string[] => (textOf(text) ?? '').split(',').filter(word => word !== '')

function problemOf({ sim, params }: Call): string | null {
  if (idOf(params.client_id) !== sim.world.app.id) return 'Invalid App ID: The provided app ID does not look like a valid app ID.'
  const redirect = textOf(params.redirect_uri)
  if (redirect === undefined) return 'The parameter redirect_uri is required'
  if (!URL.canParse(redirect) || !/^https?:/.test(redirect)) return 'URL blocked: the redirect URI is not valid.'
  const type = textOf(params.response_type) ?? 'code'
  return type === 'code' ? null : 'Only response_type=code is supported.'
}

function decide({ sim, params }: Call, choices: string[], declined: string[]): Reply {
  const redirect = new URL(String(params.redirect_uri))
  const state = idOf(params.state)
  const { world } = sim
  const numbers = choices.flatMap(id => world.numbers.get(id) ?? [])
  const wabaIds = [...new Set(choices.map(id => world.numbers.get(id)?.wabaId ?? id).filter(id => world.wabas.has(id)))]
  if (wabaIds.length > 0 && !choices.includes('cancel')) {
    for (const number of numbers) onboard(sim, number, featureOf(params))
    const scopes = TOKEN_SCOPES.filter(scope => !declined.includes(scope))
    const redirectUri = String(params.redirect_uri)
    const { code } = issueCode(sim, { wabaIds, scopes, redirectUri, tokenLifetimeMs: lifetimeOf(params) })
    redirect.searchParams.set('code', code)
    for (const wabaId of wabaIds) emitPartnerAdded(sim, world.wabas.get(wabaId) as Waba)
  } else {
    redirect.searchParams.set('error', 'access_denied')
    redirect.searchParams.set('error_code', '200')
    redirect.searchParams.set('error_reason', 'user_denied')
    redirect.searchParams.set('error_description', 'Permissions error')
  }
  if (state !== undefined) redirect.searchParams.set('state', state)
  return new Reply(302, '', { location: redirect.href })
}

const COEXISTENCE = 'whatsapp_business_app_onboarding'
const featureOf = ({ extras }: Call['params']) => textOf(objectOf(extras).featureType)

/** A number that passes the dialog with the coexistence feature stays in the app, whose data can be read once more. */
function onboard(sim: Call['sim'], number: PhoneNumber, feature: string | undefined): void {
  if (feature !== COEXISTENCE) return
  Object.assign(number, { isOnBizApp: true, state: 'CONNECTED', onboardedAt: sim.now(), throughput: 20 })
  number.synced.clear()
}

/** Lifetime of the token; `lifetime=never` stands for a Login configuration whose tokens never expire. */
const lifetimeOf = (params: Call['params']) => (params.lifetime === 'never' ? 0 : SIXTY_DAYS_MS)

/** Emits `PARTNER_ADDED`, which reports a finished sign-up even when the redirect is lost. */
function emitPartnerAdded(sim: Call['sim'], waba: Waba): void {
  const waba_info = { waba_id: waba.id, owner_business_id: waba.portfolioId }
  emitForWaba(sim, waba.id, 'account_update', { event: 'PARTNER_ADDED', waba_info }, sim.world.app.portfolioId)
}

function form({ sim, params }: Call): string {
  const hidden = CARRIED.filter(name => params[name] !== undefined)
    .map(name => `<input type="hidden" name="${name}" value="${escapeHtml(plainOf(params[name]))}">`)
    .join('')
  const choices = [...sim.world.wabas.values()].map(waba => fieldset(sim.world, waba)).join('')
  return `<p><b>${escapeHtml(sim.world.app.name)}</b> asks to manage a WhatsApp Business account and to send messages from its number.
<form method="post">${hidden}${choices}
${ASKED.map(scope => `<label><input type="checkbox" name="decline" value="${scope}"> do not grant ${scope}</label><br>`).join('')}
<label><input type="checkbox" name="lifetime" value="never"> token that never expires</label>
<p><button name="approve" value="1">Continue</button> <button name="choice" value="cancel" formnovalidate>Cancel</button></form>
<script>${SESSION_EVENTS}</script>`
}

/** What Embedded Signup tells the page that opened it, by messages whose data is a JSON text. */
const SESSION_EVENTS = `
document.forms[0].addEventListener('submit', event => {
  const [choice] = new FormData(event.target).getAll('choice')
  const isLeft = event.submitter?.value === 'cancel'
  const said = isLeft
    ? { event: 'CANCEL', data: { current_step: 'WABA_PHONE_PROFILE_PICKER' } }
    : { event: 'FINISH', data: { phone_number_id: choice } }
  opener?.postMessage(JSON.stringify({ type: 'WA_EMBEDDED_SIGNUP', version: 4, ...said }), '*')
})`

const ASKED = TOKEN_SCOPES.filter(scope => scope.startsWith('whatsapp_'))
const plainOf = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

function fieldset({ numbers }: World, waba: Waba): string {
  const rows = [...numbers.values()]
    .filter(({ wabaId }) => wabaId === waba.id)
    .map(({ id, display, verifiedName, state }) =>
      box(id, `${display} · ${verifiedName}${state === 'UNREGISTERED' ? ' · not registered' : ''}`),
    )
  return `<fieldset><legend>${escapeHtml(waba.name)}</legend>${rows.join('')}${box(waba.id, 'without a number')}</fieldset>`
}

const box = (value: string, label: string) =>
  `<label><input type="checkbox" name="choice" value="${value}"> ${escapeHtml(label)}</label><br>`

const STYLE = `body{font:16px/1.5 system-ui;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1c1e21}
fieldset{border:1px solid #ccd0d5;border-radius:8px;margin:1rem 0}button{font:inherit;padding:.5rem 1.2rem;border-radius:6px;border:1px solid #ccd0d5}
button[name=approve]{background:#1877f2;color:#fff;border-color:#1877f2}small{color:#65676b}`

function page(status: number, title: string, content: string): Reply {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Meta simulator</title><style>${STYLE}</style><small>Meta simulator</small>${title}${content}</html>`
  return new Reply(status, html, { 'content-type': 'text/html; charset=utf-8' })
}

const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escapeHtml = (text: string) => text.replaceAll(/[&<>"']/g, character => HTML[character] as string)
