import { parsePhone } from '#shared/domain/contacts/phone-number.ts'
import { phoneVariants } from '#shared/domain/contacts/phone-variants.ts'
import { searchKeys } from '#shared/domain/contacts/search-keys.ts'
import type { Id } from '#shared/model/documents.ts'
import { trusted } from '#shared/store/connect.ts'
import { ensureDefaultPipeline } from '#shared/store/contacts/pipelines.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { type ImportContext, tenantOf } from './context.ts'
import { idWithin, type Source, type SourceLead } from './source.ts'

/** Leads with their notes, in the first stage of the default pipeline. A person who is a lead here stays the one of here. */
export async function importLeads(context: ImportContext, source: Source): Promise<void> {
  for await (const lead of source.leads()) {
    context.report.add('leads', 'read')
    context.report.add('notes', 'read', lead.notes.length)
    const tenantId = tenantOf(context, lead.companyKey)
    if (tenantId === null) context.report.conflict('leads', lead.key, 'Its company is not known.')
    else await asTenant(tenantId, () => importLead(context, tenantId, lead))
  }
}

async function importLead(context: ImportContext, tenantId: Id, source: SourceLead): Promise<void> {
  const { store, report, system, isDryRun } = context
  const { leads, contacts } = store.models
  const _id = idWithin(tenantId, system, 'lead', source.key)
  const waId =
    source.phone === null ? null : (parsePhone(source.phone.startsWith('+') ? source.phone : `+${source.phone}`)?.waId ?? null)
  if (source.phone !== null && waId === null)
    report.conflict('leads', source.key, 'Its phone number is not valid: it is taken over without one.')
  const samePhone =
    waId === null ? null : await leads.findOne({ tenantId, phone: trusted({ $in: phoneVariants(waId) }), deletedAt: null }).lean()
  const present = samePhone ?? (await leads.findOne({ tenantId, _id }).lean())
  report.add('leads', present ? 'present' : 'created')
  if (!present && !isDryRun) {
    const { _id: pipelineId, stages } = await ensureDefaultPipeline(store, tenantId)
    const contact =
      waId === null ? null : await contacts.findOne({ tenantId, waId: trusted({ $in: phoneVariants(waId) }) }).lean()
    const place = { pipelineId, stageId: stages[0]?._id, contactId: contact?._id ?? null }
    const { name, status, source: origin, createdAt } = source
    const keys = searchKeys({ name, phone: waId })
    await leads.create({ _id, tenantId, name, phone: waId, keys, status, source: origin, createdAt, ...place } as never)
  }
  await importNotes(context, tenantId, present?._id ?? _id, source.notes)
}

async function importNotes(
  { store, report, system, isDryRun }: ImportContext,
  tenantId: Id,
  leadId: Id,
  notes: SourceLead['notes'],
): Promise<void> {
  for (const { key, text, isPrivate, createdAt } of notes) {
    const _id = idWithin(tenantId, system, 'note', key)
    const isPresent = (await store.models.notes.exists({ tenantId, _id })) !== null
    report.add('notes', isPresent ? 'present' : 'created')
    if (isPresent || isDryRun) continue
    await store.models.notes.create({ _id, tenantId, leadId, conversationId: null, text, isPrivate, createdAt } as never)
  }
}
