import { randomUUID } from 'node:crypto'
import { ownProblem } from '#shared/domain/onboarding/problems.ts'
import { isOwnWebhook, missingFields, WEBHOOK_FIELDS } from '#shared/domain/onboarding/webhook-fields.ts'
import {
  askAppSubscriptions,
  askOneNumber,
  readAppSubscription,
  readListedNumber,
  readSubscription,
  removeNumberOverride,
  subscribedApps,
} from '#shared/meta/onboarding.ts'
import type { OnboardingDeps } from '../deps.ts'
import {
  type DoStep,
  done,
  failedCall,
  numberOf,
  resultOf,
  type StepContext,
  type StepResult,
  tokenFor,
  wabaIdOf,
} from './step.ts'

const failed = (sentence: string, cure: string) => resultOf({ kind: 'failed', problem: ownProblem(sentence, cure) })

/** Subscribes the app to the account's webhooks, unless it is; an address of the account that is not ours is removed. */
export const subscribe: DoStep = async context => {
  const { meta, app, webhook } = context.deps
  const [wabaId, token] = [wabaIdOf(context), tokenFor(context)]
  const asked = await subscribedApps(meta, 'get', wabaId, token)
  if (asked.kind !== 'ok') return resultOf(failedCall('subscribe', asked))
  const present = readSubscription(asked.data, app?.id ?? null)
  const isForeign = present?.overrideUrl != null && !isOwnWebhook(present.overrideUrl, webhook.url)
  if (present !== null && !isForeign) return done()
  const result = await subscribedApps(meta, 'post', wabaId, token)
  if (result.kind !== 'ok') return resultOf(failedCall('subscribe', result))
  if (context.connection.kind !== 'check') return done()
  return done(isForeign ? 'Webhooks went to another address; corrected.' : 'The subscription was lost; renewed.')
}

/** Tries the way of a webhook: Meta's address for the number, the fields of the app, and a handshake with that address. */
export const tryWebhook: DoStep = async context =>
  (await wrongAddress(context)) ??
  (await wrongFields(context.deps)) ??
  (await wrongAnswer(context.deps)) ??
  done(await noteOf(context))

const noteOf = async ({ deps: { webhook } }: StepContext): Promise<string> => `Webhooks arrive at ${webhook.url}.`

async function wrongAddress(context: StepContext): Promise<StepResult | null> {
  const { meta, webhook } = context.deps
  const number = numberOf(context)
  for (let turn = 1; ; turn++) {
    const asked = await askOneNumber(meta, number, tokenFor(context))
    if (asked.kind !== 'ok') return resultOf(failedCall('webhook', asked))
    const listed = readListedNumber(asked.data)
    if (!listed?.webhookUrl || isOwnWebhook(listed.webhookUrl, webhook.url)) return null
    if (listed.webhookOf !== 'number' || turn > 1) return elsewhere(listed.webhookOf, webhook.url)
    const removed = await removeNumberOverride(meta, number, tokenFor(context))
    if (removed.kind !== 'ok') return resultOf(failedCall('webhook', removed))
  }
}

const elsewhere = (of: 'number' | 'account' | 'app' | null, own: string): StepResult =>
  of === 'app'
    ? failed(
        'The app’s webhooks go to another address.',
        `Set the callback URL of the app (WhatsApp, Configuration) to ${own}, with the verify token of this platform.`,
      )
    : failed(`The ${of ?? 'number'}’s webhooks go to another address.`, 'Check the number again: the address is then removed.')

async function wrongFields({ meta, app }: OnboardingDeps): Promise<StepResult | null> {
  if (app === null) return null
  const asked = await askAppSubscriptions(meta, app)
  if (asked.kind !== 'ok') return resultOf(failedCall('webhook', asked))
  const missing = missingFields(readAppSubscription(asked.data)?.fields ?? [])
  if (missing.length === 0) return null
  const lost = missing.slice(0, 3).map(name => WEBHOOK_FIELDS[name])
  return failed(
    `The app is not subscribed to ${missing.join(', ')}: ${lost.join('; ')}.`,
    'Subscribe the app to these fields of whatsapp_business_account (WhatsApp, Configuration, Webhook fields).',
  )
}

const HANDSHAKE_MS = 5000

async function wrongAnswer({ webhook: { url, verifyToken } }: OnboardingDeps): Promise<StepResult | null> {
  if (verifyToken === null) return null
  const challenge = randomUUID()
  const asked = new URL(url)
  asked.search = String(
    new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken, 'hub.challenge': challenge }),
  )
  const answer = await fetch(asked, { signal: AbortSignal.timeout(HANDSHAKE_MS), redirect: 'manual' }).catch(() => null)
  if (answer === null)
    return failed('The address of the webhooks cannot be reached.', `Make ${url} reachable by https from the internet.`)
  if (answer.status === 200 && (await answer.text().catch(() => '')) === challenge) return null
  return failed(
    `The address of the webhooks answered ${answer.status} to the handshake.`,
    'Give gateway and ingest the same META_WEBHOOK_VERIFY_TOKEN, and let the proxy pass the address on to ingest.',
  )
}
