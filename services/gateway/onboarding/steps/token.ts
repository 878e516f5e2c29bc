import { tokenOf } from '#shared/auth/client-tokens.ts'
import { missingScopes, problemSentence, UNREADABLE_TOKEN } from '#shared/domain/numbers/token-health.ts'
import { ownProblem, refusedStep } from '#shared/domain/onboarding/problems.ts'
import { exchangeCode, readAccessToken } from '#shared/meta/onboarding.ts'
import { askAboutToken, readToken, type TokenDetails } from '#shared/meta/tokens.ts'
import { getClient } from '#shared/store/numbers/clients.ts'
import { seal, unseal } from '../deps.ts'
import { type DoStep, done, failedCall, resultOf, type StepContext, type StepResult, tokenFor } from './step.ts'

const failed = (sentence: string, cure: string) => resultOf({ kind: 'failed', problem: ownProblem(sentence, cure) })
const CONNECT_AGAIN = 'Connect the number again.'

/** Takes the token: by the code of a sign-up, as it was given, or from the number that is checked. */
export const takeToken: DoStep = async context => {
  const { connection } = context
  if (connection.accessToken !== null) return done()
  return connection.kind === 'check' ? await tokenOfNumber(context) : await exchange(context)
}

async function exchange({ deps, connection }: StepContext): Promise<StepResult> {
  if (deps.app === null)
    return failed(
      'This platform has no app at Meta.',
      'The operator sets META_APP_ID and META_APP_SECRET; then continue the connection.',
    )
  const code = unseal(deps.keyring, connection, 'code')
  if (code === null) return failed('The sign-up gave no code.', 'Continue the connection: it opens the sign-up dialog again.')
  const result = await exchangeCode(deps.meta, deps.app, code, connection.redirectUri)
  if (result.kind !== 'ok') {
    const outcome = failedCall('token', result)
    // A code that Meta refused works never again.
    return resultOf(outcome, outcome.kind === 'failed' ? { code: null } : undefined)
  }
  const token = readAccessToken(result.data)
  if (token === null) return failed('Meta’s answer holds no access token.', 'Continue the connection: it opens the dialog again.')
  return resultOf({ kind: 'done' }, { accessToken: seal(deps.keyring, connection, 'accessToken', token), code: null })
}

async function tokenOfNumber({ deps, connection }: StepContext): Promise<StepResult> {
  const { keyring, store } = deps
  const [number] = connection.numbers
  const client = await getClient(store, connection.tenantId, String(number?.clientId))
  const token = tokenOf(keyring, client)
  if (token !== null) return resultOf({ kind: 'done' }, { accessToken: seal(keyring, connection, 'accessToken', token) })
  return client.accessToken === null
    ? failed('The number has no access token.', CONNECT_AGAIN)
    : failed(UNREADABLE_TOKEN, 'Restore the key, or connect the number again.')
}

/** Asks Meta what the token may do, and to which accounts it gives access. */
export const readScopes: DoStep = async context => {
  const { meta, app } = context.deps
  const result = await askAboutToken(meta, app, tokenFor(context))
  if (result.kind !== 'ok') return resultOf(failedCall('scopes', result))
  const token = readToken(result.data)
  if (token === null) return failed('Meta’s answer about the access token cannot be read.', 'Continue the connection later.')
  const problem = problemOfToken(context, token)
  if (problem !== null) return problem
  const { appId, expiresAt, dataAccessExpiresAt, scopes, wabaIds } = token
  return resultOf({ kind: 'done' }, { token: { appId, expiresAt, dataAccessExpiresAt, scopes, wabaIds } })
}

function problemOfToken({ deps: { app } }: StepContext, token: TokenDetails): StepResult | null {
  if (!token.isValid) {
    const { code = null, subcode = null, text = null } = token.problem ?? {}
    const refusal = refusedStep('scopes', { code, subcode, detail: text })
    const sentence = problemSentence(token.problem).replace(/ Connect the number again\..*$/, '')
    return resultOf({ kind: 'failed', problem: { ...refusalProblem(refusal), sentence, cure: CONNECT_AGAIN } })
  }
  if (app !== null && token.appId !== null && token.appId !== app.id)
    return failed(
      'The access token belongs to another app, whose webhooks go elsewhere.',
      'Connect the number again, or give a token of this platform’s app.',
    )
  const missing = missingScopes(token)
  if (missing.length === 0) return null
  return failed(
    `The permission ${missing.join(' and ')} was not granted.`,
    'Connect the number again and grant every permission that is asked for.',
  )
}

const refusalProblem = (outcome: ReturnType<typeof refusedStep>) =>
  'problem' in outcome ? outcome.problem : ownProblem('The token is not valid.', CONNECT_AGAIN)
