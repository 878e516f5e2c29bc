import type { Common, Id } from './common.ts'

/** A label of the account. Conversations and contacts hold its name, so that they are shown and found without it. */
export interface LabelDoc extends Common {
  tenantId: Id
  name: string
  /** `#rrggbb`. */
  color: string
  description: string | null
  /** A new name, or null for none, that rows with an earlier name do not have yet. */
  pending?: { from: string; to: string | null } | null
}

/** A prepared answer. */
export interface QuickReplyDoc extends Common {
  tenantId: Id
  /** The user who alone has it; null: everybody of the account. */
  ownerId: Id | null
  /** Written behind `/` in the composer; one of a kind for an owner. */
  shortcut: string
  title: string
  /** Text with variables, for example `{{contact.name}}`; null for a file alone. */
  text: string | null
  /** An uploaded file, see `POST /media`. */
  mediaId: Id | null
}

/** Filters of a list of conversations under a name. */
export interface SavedViewDoc extends Common {
  tenantId: Id
  /** The user who alone has it; null: everybody of the account. */
  ownerId: Id | null
  name: string
  /** Query of `GET /conversations`. */
  query: Record<string, string | number | boolean>
}
