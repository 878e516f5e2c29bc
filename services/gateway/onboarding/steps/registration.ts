import { randomInt } from 'node:crypto'
import { openPin, sealPin } from '#shared/auth/client-tokens.ts'
import { ownProblem } from '#shared/domain/onboarding/problems.ts'
import { askOneNumber, readListedNumber, registerNumber } from '#shared/meta/onboarding.ts'
import { updateClientWithoutEvent } from '#shared/store/numbers/checks.ts'
import { getClient } from '#shared/store/numbers/clients.ts'
import { unseal } from '../deps.ts'
import { type DoStep, done, failedCall, numberOf, resultOf, skipped, tokenFor } from './step.ts'

/** A PIN of six digits. */
export const newPin = (): string => String(randomInt(0, 1_000_000)).padStart(6, '0')

/** Chooses the PIN and stores it sealed before Meta hears of it: the given one, the one of before, or a new one. */
export const choosePin: DoStep = async context => {
  const { deps, connection } = context
  const number = numberOf(context)
  if (number.coexistence) return skipped('The number is registered in the WhatsApp Business app.')
  if (number.isRegistered) return skipped('The number is registered already; its PIN stays as it is.')
  const client = await getClient(deps.store, connection.tenantId, number.clientId)
  const given = unseal(deps.keyring, connection, 'pin')
  const before = openPin(deps.keyring, client)
  if (given === null && before === null && number.isPinEnabled === true)
    return resultOf({
      kind: 'failed',
      problem: ownProblem(
        'The number has a PIN for two-step verification that this platform does not know.',
        'Continue the connection with the six-digit PIN. Whoever has lost it turns off two-step verification in WhatsApp Manager and continues without one.',
      ),
    })
  const pin = given ?? before ?? newPin()
  if (pin !== before)
    await updateClientWithoutEvent(deps.store, client, { twoStepPin: sealPin(deps.keyring, client, pin), pinShownAt: null })
  return done()
}

/** Registers the number, unless Meta has it registered: an attempt whose answer was lost is not made twice. */
export const register: DoStep = async context => {
  const { deps, connection, step } = context
  const number = numberOf(context)
  if (number.coexistence) return skipped('The number is registered in the WhatsApp Business app.')
  if (number.isRegistered) return skipped('The number is registered already.')
  const token = tokenFor(context)
  if (step.attempts > 1) {
    const asked = await askOneNumber(deps.meta, number, token)
    if (asked.kind !== 'ok') return resultOf(failedCall('register', asked))
    if (readListedNumber(asked.data)?.isRegistered) return done()
  }
  const client = await getClient(deps.store, connection.tenantId, number.clientId)
  const pin = openPin(deps.keyring, client)
  if (pin === null)
    return resultOf({
      kind: 'failed',
      problem: ownProblem('The stored PIN cannot be decrypted.', 'Restore its key, or continue the connection with the PIN.'),
    })
  const result = await registerNumber(deps.meta, number, token, pin)
  return result.kind === 'ok' ? done() : resultOf(failedCall('register', result))
}
