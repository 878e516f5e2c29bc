import type { Keyring } from '#shared/auth/encryption.ts'
import type { ClientDoc, Id } from '#shared/model/documents.ts'
import type { Store } from '#shared/store/connect.ts'
import type { ImportReport } from './report.ts'
import { idFor, type System } from './source.ts'

export interface ImportOptions {
  system: System
  /** Tenant that everything goes to; null: one for each company of the source. */
  tenantId: Id | null
  /** Number that conversations without one belong to, by Meta's id (003). */
  phoneNumberId: string | null
  /** WhatsApp Business account of numbers and templates that name none. */
  wabaId: string | null
  /** Encryption key of the former system, 32 bytes; null: encrypted tokens are left behind. */
  oldKey: Buffer | null
  keyring: Keyring
  isDryRun: boolean
  now: Date
}

/** What the steps of an import share. */
export interface ImportContext extends ImportOptions {
  store: Store
  report: ImportReport
  /** Numbers by their key in the source. */
  numbers: Map<string, ClientDoc>
  /** Language of a template by its name: messages there name none. */
  languages: Map<string, string>
  /** Users by their key in the source. */
  users: Map<string, { id: Id; name: string; tenantId: Id }>
  /** Tenants with new messages, by their id. */
  grown: Map<string, Id>
}

/** Where rows of a company go; null: the source names no company and no option names a tenant. */
export const tenantOf = ({ tenantId, system }: ImportContext, companyKey: string | null): Id | null =>
  tenantId ?? (companyKey === null ? null : idFor(system, 'company', companyKey))
