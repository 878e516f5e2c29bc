import { createHash } from 'node:crypto'
import type { ClientSession } from 'mongoose'
import type { AuditLogDoc } from '../../model/documents.ts'
import type { Store } from '../connect.ts'
import { acrossTenants } from '../tenancy/tenancy.ts'

export type AuditEntry = Omit<AuditLogDoc, '_id' | 'at' | 'changes'> & { changes?: AuditLogDoc['changes'] }

/** Appends an entry to the audit log, whose rows never change. With a session the entry is written together with its effect. */
export async function audit(
  store: Store,
  entry: AuditEntry,
  options: { session?: ClientSession; at?: Date } = {},
): Promise<void> {
  const row = { ...entry, changes: entry.changes ?? {}, at: options.at ?? new Date() }
  await acrossTenants(() => store.models.auditLog.create([row], { session: options.session }))
}

const SECRET = /password|token|secret|key/i

/** The fields that differ between two states of an object. Values of secret fields are replaced by a hash. */
export function changesOf(before: object | null, after: object | null, fields: readonly string[]): AuditLogDoc['changes'] {
  const changes: AuditLogDoc['changes'] = {}
  for (const field of fields) {
    const [was, is] = [read(before, field), read(after, field)]
    if (JSON.stringify(was) === JSON.stringify(is)) continue
    changes[field] = { before: shown(field, was), after: shown(field, is) }
  }
  return changes
}

const read = (object: object | null, field: string): unknown => (object as Record<string, unknown> | null)?.[field] ?? null

function shown(field: string, value: unknown): unknown {
  if (value === null || !SECRET.test(field)) return value
  return `sha256:${createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)}`
}
