import type { ConnectionState, FoundNumber, Step } from '../domain/onboarding/steps.ts'
import type { Common, Id } from './common.ts'
import type { AuditLogDoc } from './housekeeping.ts'
import type { ClientDoc } from './numbers.ts'

/**
 * How a connection began: `signup` by the dialog (redirect or JavaScript SDK), `token` with an access token given by hand,
 * `settings` from `WHATSAPP_*`, `check` of a connected number, `disconnect` of one.
 */
export type ConnectionKind = 'signup' | 'token' | 'settings' | 'check' | 'disconnect'

export interface ConnectionNumber extends FoundNumber {
  /** Digits with the country code. */
  whatsappNumber: string
  verifiedName: string | null
  /** Row in `clients`. */
  clientId: Id
  /** Whether Meta has it registered with the Cloud API. */
  isRegistered: boolean
  /** Whether it has a PIN for two-step verification; null: Meta did not say. */
  isPinEnabled: boolean | null
}

export interface ConnectionAccount {
  wabaId: string
  portfolioId: string | null
  name: string | null
}

/** What Meta says of the connection's token. */
export interface ConnectionToken {
  /** App that the token was issued to; null: Meta did not say. */
  appId: string | null
  expiresAt: Date | null
  dataAccessExpiresAt: Date | null
  scopes: string[]
  /** Accounts that the token gives access to, newest first; null: all of its portfolio. */
  wabaIds: string[] | null
}

/** A number or several on their way to be connected, checked or disconnected: a list of steps that any process can continue. */
export interface ConnectionDoc extends Common {
  tenantId: Id
  kind: ConnectionKind
  state: ConnectionState
  /** Who began it. */
  actor: AuditLogDoc['actor']
  /** SHA-256 of the secret part of `state`; null once it was used, and without a dialog. */
  stateHash: string | null
  /** End of the dialog's time. */
  expiresAt: Date | null
  /** Address that the dialog returns to; null for the JavaScript SDK. */
  redirectUri: string | null
  coexistence: boolean
  /** Number and account that the caller named: claims until Meta confirms them. */
  wanted: { phoneNumberId: string | null; wabaId: string | null }
  /** Fields for the rows of new numbers. */
  about: Partial<Pick<ClientDoc, 'companyName' | 'email' | 'userId'>>
  /** Sealed, like the access token and the PIN; emptied at the end. */
  code: string | null
  accessToken: string | null
  pin: string | null
  token: ConnectionToken | null
  wabas: ConnectionAccount[]
  numbers: ConnectionNumber[]
  steps: Step[]
  /** When the next step is due; null when nothing is left to do. */
  nextAt: Date | null
  /** Executor that works on it, until `heldUntil` by MongoDB's clock. */
  heldBy: string | null
  heldUntil: Date | null
  /** Makes a connection of one cause unique, such as the settings of the installation. */
  causeKey?: string | null
  endedAt: Date | null
}
