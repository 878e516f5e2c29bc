import { randomUUID } from 'node:crypto'
import { isOwnWebhook, missingFields, WEBHOOK_FIELDS } from '#shared/domain/onboarding/webhook-fields.ts'
import type { GraphResult, MetaClient } from '#shared/meta/client.ts'
import { askAppSubscriptions, readAppSubscription } from '#shared/meta/onboarding.ts'
import { sign } from '#shared/meta/signature.ts'
import { appToken, type MetaApp } from '#shared/meta/tokens.ts'
import { type DoctorConfig, webhookUrlOf } from './config.ts'
import { type Finding, failed, ok, skipped } from './finding.ts'

const WAIT_MS = 10_000

/** The app at Meta: whether it exists and its secret is right, where its webhooks go, and which fields it gets. */
export async function checkApp(config: DoctorConfig, meta: MetaClient): Promise<Finding[]> {
  const secret = config.META_APP_SECRET?.[0]
  if (!config.META_APP_ID || !secret) {
    const cure = 'Set META_APP_ID and META_APP_SECRET to those of your app: docs/meta-setup.md.'
    return [failed('app', 'The installation has no app at Meta: no number can be connected by the dialog.', cure)]
  }
  const app = { id: config.META_APP_ID, secret }
  const asked = await meta.graph.get(encodeURIComponent(app.id), { token: appToken(app), query: { fields: 'id,name' } })
  if (asked.kind !== 'ok') return [refusal('app', asked, 'Set META_APP_ID and the first META_APP_SECRET to those of one app.')]
  return [ok('app', `Meta knows the app ${app.id}, and its secret is right.`), ...(await checkSubscription(config, meta, app))]
}

async function checkSubscription(config: DoctorConfig, meta: MetaClient, app: MetaApp): Promise<Finding[]> {
  const asked = await askAppSubscriptions(meta, app)
  if (asked.kind !== 'ok') return [refusal('app webhooks', asked, 'Try again when Meta answers.')]
  const own = webhookUrlOf(config)
  const present = readAppSubscription(asked.data)
  const address = own ?? 'https://<public host>/api/v1/webhook'
  const cure = `WhatsApp, Configuration: set the callback URL to ${address} with your META_WEBHOOK_VERIFY_TOKEN.`
  if (present === null || present.url === null) return [failed('app webhooks', 'The app has no webhook for WhatsApp.', cure)]
  const isOwn = own !== null && isOwnWebhook(present.url, own)
  const missing = missingFields(present.fields)
  const lost = missing.map(name => `${name} (${WEBHOOK_FIELDS[name]})`).join(', ')
  return [
    isOwn
      ? ok('app webhooks', `The app's webhooks go to ${present.url}.`)
      : failed('app webhooks', `The app's webhooks go to ${present.url}.`, cure),
    missing.length === 0
      ? ok('webhook fields', 'The app is subscribed to every field.')
      : failed(
          'webhook fields',
          `The app is not subscribed to ${lost}.`,
          'WhatsApp, Configuration, Webhook fields: subscribe to them.',
        ),
  ]
}

function refusal(check: string, result: Exclude<GraphResult, { kind: 'ok' }>, cure: string): Finding {
  if (result.kind !== 'refused') return failed(check, 'Meta did not answer.', 'Let this machine reach META_GRAPH_URL by https.')
  return failed(check, `Meta refused: ${result.error.detail ?? result.error.title ?? result.error.code}.`, cure)
}

/** The public address of the webhooks: the right verify token is answered, a wrong one is not, and our signature is taken. */
export async function checkWebhook(config: DoctorConfig): Promise<Finding[]> {
  const url = webhookUrlOf(config)
  const { META_WEBHOOK_VERIFY_TOKEN: verifyToken, META_APP_SECRET: secrets } = config
  if (url === null) return [failed('webhook', 'The public address is not known.', 'Set BASE_URL.')]
  if (!verifyToken) return [failed('webhook', 'There is no verify token.', 'Set META_WEBHOOK_VERIFY_TOKEN.')]
  const challenge = randomUUID()
  const right = await handshake(url, verifyToken, challenge)
  if (right === null)
    return [
      failed(
        'webhook',
        `${url} cannot be reached.`,
        'Let the proxy pass it on to ingest, and make it reachable from the internet.',
      ),
    ]
  const answered = right.status === 200 && right.text === challenge
  const wrong = await handshake(url, `${verifyToken}!`, challenge)
  return [
    answered
      ? ok('webhook', `${url} answers the handshake.`)
      : failed('webhook', `${url} answered ${right.status} to the handshake.`, 'Give ingest the same META_WEBHOOK_VERIFY_TOKEN.'),
    wrong?.status === 403
      ? ok('wrong verify token', 'It is refused.')
      : failed('wrong verify token', `It was answered ${wrong?.status ?? 'nothing'}.`, 'The address must lead to ingest itself.'),
    secrets?.[0] ? await checkSignature(url, secrets[0]) : skipped('webhook signature', 'META_APP_SECRET is not set.'),
  ]
}

async function handshake(url: string, token: string, challenge: string): Promise<{ status: number; text: string } | null> {
  const asked = new URL(url)
  asked.search = String(new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.verify_token': token, 'hub.challenge': challenge }))
  try {
    const answer = await fetch(asked, { signal: AbortSignal.timeout(WAIT_MS), redirect: 'manual' })
    return { status: answer.status, text: await answer.text() }
  } catch {
    return null
  }
}

/** A signed body that says nothing: ingest refuses it for what it says (400) and publishes nothing, or for its signature (401). */
async function checkSignature(url: string, secret: string): Promise<Finding> {
  const body = '{}'
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(body, secret) }
  const status = await fetch(url, {
    method: 'POST',
    body,
    headers,
    signal: AbortSignal.timeout(WAIT_MS),
    redirect: 'manual',
  }).then(
    answer => answer.status,
    () => null,
  )
  return status === 400
    ? ok('webhook signature', 'Ingest has the secret of the app.')
    : failed('webhook signature', `A signed body was answered ${status ?? 'nothing'}.`, 'Give ingest the same META_APP_SECRET.')
}

/** Difference from Meta's clock in which signatures, states and windows are right. */
const MOST_SKEW_MS = 30_000

/** This machine's clock, against the `Date` of Meta's answers. */
export async function checkClock({ META_GRAPH_URL }: DoctorConfig, now: () => number = Date.now): Promise<Finding> {
  const answer = await fetch(META_GRAPH_URL, { signal: AbortSignal.timeout(WAIT_MS), redirect: 'manual' }).catch(() => null)
  const date = Date.parse(answer?.headers.get('date') ?? '')
  if (Number.isNaN(date)) return skipped('clock', 'Meta did not say what time it is.')
  const skewS = Math.round((now() - date) / 1000)
  return Math.abs(now() - date) <= MOST_SKEW_MS
    ? ok('clock', 'It agrees with Meta.')
    : failed('clock', `It differs from Meta's by ${skewS} s.`, 'Synchronise the clocks of all machines (NTP).')
}
