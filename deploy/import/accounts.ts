import { sealAccessToken } from '#shared/auth/client-tokens.ts'
import { parsePhone } from '#shared/domain/contacts/phone-number.ts'
import { variablesOf } from '#shared/domain/templates/variables.ts'
import type { ClientDoc, Id, TenantDoc } from '#shared/model/documents.ts'
import { findUserByEmail } from '#shared/store/accounts/users.ts'
import { ensureDefaultPipeline } from '#shared/store/contacts/pipelines.ts'
import { findByPhoneNumberId, forgetClient } from '#shared/store/numbers/clients.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { type ImportContext, tenantOf } from './context.ts'
import { openOldToken } from './old-tokens.ts'
import { idFor, idWithin, type Source, type SourceNumber, type SourceTemplate, type SourceUser } from './source.ts'

/** Companies, users, numbers and templates: what conversations refer to. */
export async function importAccounts(context: ImportContext, source: Source): Promise<void> {
  if (context.tenantId === null) for (const company of await source.companies()) await importCompany(context, company)
  for (const user of await source.users()) await importUser(context, user)
  for (const number of await source.numbers()) await importNumber(context, number)
  for (const template of await source.templates()) await importTemplate(context, template)
}

async function importCompany(
  { store, report, system, isDryRun }: ImportContext,
  { key, name }: { key: string; name: string },
): Promise<void> {
  const _id = idFor(system, 'company', key)
  report.add('companies', 'read')
  if (await store.models.tenants.exists({ _id })) return report.add('companies', 'present')
  report.add('companies', 'created')
  if (isDryRun) return
  await store.models.tenants.create({ _id, name, createdBy: null } as unknown as TenantDoc)
  await asTenant(_id, () => ensureDefaultPipeline(store, _id))
}

async function importUser(
  context: ImportContext,
  { key, companyKey, email, name, role, passwordHash }: SourceUser,
): Promise<void> {
  const { store, report, system, users, isDryRun } = context
  const tenantId = tenantOf(context, companyKey)
  report.add('users', 'read')
  if (tenantId === null) return report.conflict('users', key, 'Its company is not known.')
  const present = await findUserByEmail(store, email)
  if (present && !present.tenantId.equals(tenantId))
    return report.conflict('users', key, 'A user of another account has this address.')
  const _id = present?._id ?? idFor(system, 'user', key)
  users.set(key, { id: _id, name: present?.name ?? name, tenantId })
  if (present) return report.add('users', 'present')
  report.add('users', 'created')
  if (isDryRun) return
  const isReadable = passwordHash !== null && /^\$2[aby]\$\d\d\$/.test(passwordHash)
  const secret = isReadable ? { passwordHash, status: 'active' } : { passwordHash: null, status: 'invited' }
  await asTenant(tenantId, () => store.models.users.create({ _id, tenantId, email, name, role, ...secret } as never))
}

async function importNumber(context: ImportContext, number: SourceNumber): Promise<void> {
  const { store, report, numbers, isDryRun } = context
  const { key, phoneNumberId } = number
  const tenantId = tenantOf(context, number.companyKey)
  report.add('numbers', 'read')
  if (phoneNumberId === '') return report.conflict('numbers', key, 'It has no id of Meta: it was never connected.')
  if (tenantId === null) return report.conflict('numbers', key, 'Its company is not known.')
  const present = await findByPhoneNumberId(store, phoneNumberId)
  if (present && !present.tenantId.equals(tenantId))
    return report.conflict('numbers', key, 'Another account of this platform has the number.')
  if (present) {
    numbers.set(key, present)
    return report.add('numbers', 'present')
  }
  const row = numberRow(context, number, tenantId)
  numbers.set(key, row as unknown as ClientDoc)
  report.add('numbers', 'created')
  if (row.status !== 'active') report.conflict('numbers', key, 'It is taken over as disconnected: connect it again to send.')
  if (isDryRun) return
  await asTenant(tenantId, async () => {
    const isPrimary = (await store.models.clients.countDocuments({ tenantId, isPrimary: true, deletedAt: null })) === 0
    await store.models.clients.create({ ...row, isPrimary } as never)
    forgetClient(store, phoneNumberId)
  })
}

const NOT_CONNECTED = 'It was taken over from another system without a token that can be read. Connect it again.'

function numberRow({ system, keyring, oldKey, wabaId, now }: ImportContext, number: SourceNumber, tenantId: Id) {
  const { key, phoneNumberId, whatsappNumber, companyName, email, userId, tokenExpiry, connectedAt } = number
  const place = { _id: idFor(system, 'client', key), tenantId }
  const token = number.token === null ? null : openOldToken(number.token, oldKey)
  const account = number.wabaId ?? wabaId
  const isConnected = token !== null && account !== null
  const digits = parsePhone(whatsappNumber)?.waId ?? whatsappNumber.replaceAll(/\D/g, '')
  return {
    ...place,
    phoneNumberId,
    whatsappNumber: digits,
    wabaId: account ?? 'unknown',
    companyName,
    email,
    userId,
    accessToken: isConnected ? sealAccessToken(keyring, place, token) : null,
    tokenExpiry: isConnected ? tokenExpiry : null,
    status: isConnected ? ('active' as const) : ('disconnected' as const),
    statusReason: isConnected ? null : NOT_CONNECTED,
    connectedAt,
    ...(!isConnected && { disconnectedAt: now }),
  }
}

async function importTemplate(context: ImportContext, template: SourceTemplate): Promise<void> {
  const { store, report, system, isDryRun } = context
  const { key, companyKey, name, language, components, ...facts } = template
  const tenantId = tenantOf(context, companyKey)
  report.add('templates', 'read')
  if (!context.languages.has(name)) context.languages.set(name, language)
  if (tenantId === null) return report.conflict('templates', key, 'Its company is not known.')
  const wabaId = accountOf(context, tenantId)
  if (wabaId === null)
    return report.conflict('templates', key, 'Its WhatsApp Business account is not known: name it with --waba, or sync later.')
  if (name === '' || components.length === 0) return report.conflict('templates', key, 'It has no name or no text.')
  await asTenant(tenantId, async () => {
    const filter = { tenantId, wabaId, name, language }
    if (await store.models.templates.exists(filter)) return report.add('templates', 'present')
    report.add('templates', 'created')
    if (isDryRun) return
    const _id = idWithin(tenantId, system, 'template', key)
    await store.models.templates.create({ _id, ...filter, components, ...variablesOf(components, []), ...facts } as never)
  })
}

/** The business account of a tenant: what an option says, else that of its numbers if they have one in common. */
function accountOf({ wabaId, numbers }: ImportContext, tenantId: Id): string | null {
  const own = [...numbers.values()].filter(number => number.tenantId.equals(tenantId) && number.wabaId !== 'unknown')
  const accounts = [...new Set(own.map(number => number.wabaId))]
  return wabaId ?? (accounts.length === 1 ? (accounts[0] as string) : null)
}
