import type { ClientDoc, ConversationDoc } from '#shared/model/documents.ts'
import { VERSION } from '#shared/process/config.ts'
import type { ZipEntry } from '#shared/storage/zip.ts'
import { auditAfter } from '#shared/store/accounts/audit-log.ts'
import { getTenant } from '#shared/store/accounts/tenants.ts'
import { findClientEver } from '#shared/store/numbers/clients.ts'
import { findTemplatesNamed } from '#shared/store/templates/templates.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { GatewayDeps } from '../deps.ts'

type Deps = Pick<GatewayDeps, 'store' | 'config'>

/** Kinds of objects whose changes are told. */
const KINDS = ['tenant', 'client', 'template'] as const
/** Most changes of a kind; the newest ones. */
const MOST_CHANGES = 500

/**
 * By which settings messages were handled: those of now, and each change of them since the first message, newest first, with before and
 * after. What was in force at a time follows from both.
 */
export async function configurationFile(
  { store, config }: Deps,
  { tenantId, clientId }: ConversationDoc,
  { templates, from, at }: { templates: readonly string[]; from: Date; at: Date },
): Promise<ZipEntry> {
  const read = async () => {
    const [tenant, client] = await Promise.all([getTenant(store, String(tenantId)), findClientEver(store, tenantId, clientId)])
    const place = client ? { wabaId: client.wabaId } : {}
    const found = await Promise.all(templates.map(name => findTemplatesNamed(store, tenantId, { ...place, name })))
    const changes = await Promise.all(KINDS.map(kind => auditAfter(store, tenantId, { kind, from }, null, MOST_CHANGES)))
    return { tenant, client, templates: found.flat(), changes: changes.flat() }
  }
  const { tenant, client, templates: rows, changes } = await asTenant(String(tenantId), read)
  const value = {
    versions: { linko: VERSION, metaApi: config.META_API_VERSION },
    number: client && numberOf(client),
    settings: tenant.settings,
    limits: tenant.limits ?? null,
    templates: rows.map(({ name, language, category, status: state, components, metaTemplateId }) => ({
      ...{ name, language, category, status: state, metaTemplateId, components },
    })),
    changes: changes
      .toSorted((a, b) => b.at.getTime() - a.at.getTime())
      .map(({ at: changedAt, actor, action, object, changes: fields }) => ({
        at: changedAt.toISOString(),
        actor: { kind: actor.kind, id: actor.id && String(actor.id) },
        action,
        object,
        changes: fields,
      })),
  }
  return { name: 'configuration.json', at, content: `${JSON.stringify(value, null, 2)}\n` }
}

const numberOf = ({ _id, phoneNumberId, wabaId, whatsappNumber, status, deletedAt }: ClientDoc) => ({
  ...{ id: String(_id), phoneNumberId, wabaId, whatsappNumber, status },
  disconnectedAt: deletedAt?.toISOString() ?? null,
})
