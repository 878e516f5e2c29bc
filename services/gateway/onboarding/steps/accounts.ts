import { onePerNumber } from '#shared/domain/onboarding/numbers.ts'
import { ownProblem } from '#shared/domain/onboarding/problems.ts'
import { laterSteps, type StepOutcome } from '#shared/domain/onboarding/steps.ts'
import type { Refused } from '#shared/meta/client.ts'
import { askAccount, askNumbers, type ListedNumber, readAccount, readNumbers } from '#shared/meta/onboarding.ts'
import type { ConnectionAccount, ConnectionDoc, ConnectionNumber } from '#shared/model/documents.ts'
import { updateClientWithoutEvent } from '#shared/store/numbers/checks.ts'
import { getClient } from '#shared/store/numbers/clients.ts'
import { keepNumbers } from '#shared/store/numbers/connect-numbers.ts'
import { type DoStep, failedCall, resultOf, type StepContext, type StepResult, tokenFor } from './step.ts'

const failed = (sentence: string, cure: string) => resultOf({ kind: 'failed', problem: ownProblem(sentence, cure) })

/** Most accounts of one token that are read. */
const MOST_ACCOUNTS = 20

/** Reads the business accounts that the token gives access to; a claim of the caller must be among them. */
export const readAccounts: DoStep = async context => {
  const ids = accountsToRead(context.connection)
  if (ids === null)
    return failed(
      'The access token gives no access to the named business account.',
      'Share that account in the dialog, or name the one that was shared.',
    )
  if (ids.length === 0)
    return failed(
      'The access token does not say which business account it is for.',
      'Give the id of the WhatsApp Business Account as wabaId.',
    )
  const wabas: ConnectionAccount[] = []
  let refusal: Refused | null = null
  for (const wabaId of ids) {
    const result = await askAccount(context.deps.meta, wabaId, tokenFor(context))
    if (result.kind === 'ok') wabas.push({ wabaId, ...readAccount(result.data) })
    // A number that moved to another account leaves one behind that its token may not read.
    else if (result.kind === 'refused' && context.connection.kind === 'check' && ids.length > 1) refusal = result
    else return resultOf(failedCall('waba', result))
  }
  if (wabas.length === 0 && refusal !== null) return resultOf(failedCall('waba', refusal))
  return resultOf({ kind: 'done' }, { wabas })
}

/** The accounts to read: the named one, else those of the token; null when the named one is not among those. */
function accountsToRead({ kind, wanted: { wabaId }, token }: ConnectionDoc): string[] | null {
  const granted = token?.wabaIds ?? null
  if (kind === 'check') return [...new Set([...(wabaId ? [wabaId] : []), ...(granted ?? [])])].slice(0, MOST_ACCOUNTS)
  if (wabaId === null) return (granted ?? []).slice(0, MOST_ACCOUNTS)
  return granted === null || granted.includes(wabaId) ? [wabaId] : null
}

type Listed = ListedNumber & Pick<ConnectionAccount, 'wabaId' | 'portfolioId'>

/** Reads the numbers of the accounts and keeps a row for each; the steps of the numbers follow. */
export const readNumbersOfAccounts: DoStep = async context => {
  const all = await listAll(context)
  if ('outcome' in all) return all
  if (context.connection.kind === 'check') return await recheck(context, onePerNumber(all, null))
  const listed = onePerNumber(all, context.connection.wanted.phoneNumberId)
  const { wanted, kind } = context.connection
  const named = listed.find(({ phoneNumberId }) => phoneNumberId === wanted.phoneNumberId)
  if (listed.length === 0)
    return failed(
      'The business account has no phone number yet.',
      'Add a number to the account in WhatsApp Manager, then continue the connection.',
    )
  if (wanted.phoneNumberId !== null && named === undefined)
    return failed(
      'The named phone number is not in the business account that was shared.',
      'Share the account that the number belongs to, or name another number.',
    )
  // A token that was given by hand may see numbers that nobody meant.
  const meant = named && kind !== 'signup' ? [named] : named ? [named, ...listed.filter(one => one !== named)] : listed
  return await keep(context, meant)
}

async function listAll(context: StepContext): Promise<Listed[] | StepResult> {
  const found = new Map<string, Listed>()
  for (const { wabaId, portfolioId } of context.connection.wabas)
    for (let after: string | null = null, isFirst = true; isFirst || after !== null; isFirst = false) {
      const result = await askNumbers(context.deps.meta, wabaId, tokenFor(context), after)
      if (result.kind !== 'ok') return resultOf(failedCall('number', result))
      const page = readNumbers(result.data)
      for (const number of page.numbers) found.set(number.phoneNumberId, { ...number, wabaId, portfolioId })
      after = page.after
    }
  return [...found.values()]
}

async function keep({ deps, connection }: StepContext, meant: Listed[]): Promise<StepResult> {
  const rows = meant.map(({ phoneNumberId, wabaId, portfolioId, whatsappNumber, verifiedName, coexistence }) => {
    return { phoneNumberId, wabaId, portfolioId, whatsappNumber, verifiedName, coexistence }
  })
  const kept = await keepNumbers(deps.store, connection.tenantId, rows, connection.about)
  const numbers = meant.flatMap((number, i) => {
    const row = kept[i]
    return row === undefined || row.isTaken ? [] : [foundNumber(number, row.clientId)]
  })
  const taken = meant.length - numbers.length
  const isNamedTaken = connection.wanted.phoneNumberId !== null && kept[0]?.isTaken === true
  if (numbers.length === 0 || isNamedTaken)
    return failed(
      'The number is connected by another organisation of this platform.',
      'Have it disconnected there first, then continue the connection.',
    )
  const note = taken > 0 ? { note: `${taken} of ${meant.length} numbers are connected by another organisation.` } : {}
  const outcome: StepOutcome = { kind: 'done', ...note }
  return { outcome, facts: { numbers }, more: laterSteps(numbers) }
}

const foundNumber = (number: Listed, clientId: ConnectionNumber['clientId']): ConnectionNumber => ({
  phoneNumberId: number.phoneNumberId,
  wabaId: number.wabaId,
  whatsappNumber: number.whatsappNumber,
  verifiedName: number.verifiedName,
  coexistence: number.coexistence,
  isRegistered: number.isRegistered,
  isPinEnabled: number.isPinEnabled,
  clientId,
})

/** The number that is checked, as Meta has it now. One that moved to another account of the token, or has a new id, is corrected. */
async function recheck({ deps, connection }: StepContext, listed: Listed[]): Promise<StepResult> {
  const [before] = connection.numbers
  const number =
    listed.find(({ phoneNumberId }) => phoneNumberId === before?.phoneNumberId) ??
    listed.find(({ whatsappNumber }) => whatsappNumber === before?.whatsappNumber)
  if (before === undefined || number === undefined)
    return failed('The number is in no business account that its token gives access to.', 'Connect the number again.')
  const { wabaId, portfolioId, coexistence, verifiedName } = number
  const client = await getClient(deps.store, connection.tenantId, before.clientId)
  const hasMoved = client.wabaId !== wabaId
  const changes = { wabaId, coexistence, verifiedName, ...(portfolioId && { portfolioId }) }
  await updateClientWithoutEvent(deps.store, client, { ...changes, ...(hasMoved && { nextTemplateSyncAt: null }) })
  const numbers = [foundNumber(number, before.clientId)]
  const hasNewId = number.phoneNumberId !== before.phoneNumberId
  const found = [
    ...(hasMoved ? [`The number has moved to the business account ${wabaId}; corrected.`] : []),
    ...(hasNewId ? [`The number has the new id ${number.phoneNumberId} at Meta; it is taken over.`] : []),
  ]
  const note = found.length > 0 ? { note: found.join(' ') } : {}
  const more = laterSteps(numbers).filter(({ key }) => key !== 'contacts' && key !== 'history')
  return { outcome: { kind: 'done', ...note }, facts: { numbers }, more }
}
