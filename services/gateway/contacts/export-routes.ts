import { callerOf, route } from '#shared/http/route.ts'
import { zipOf } from '#shared/storage/zip.ts'
import { getContact } from '#shared/store/contacts/contacts.ts'
import { recordAudit } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams } from '../schemas.ts'
import { filesOfPerson } from './export-person.ts'

const exported = route({
  method: 'get',
  path: '/api/v1/contacts/{id}/export',
  action: 'contacts.exportPerson',
  tag: 'contacts',
  summary: 'Everything stored about a person as a ZIP: JSON files, and the files that were exchanged',
  params: IdParams,
  produces: ['application/zip'],
  async handle(request, deps: GatewayDeps) {
    const contact = await getContact(deps.store, callerOf(request).tenantId, request.params.id)
    await recordAudit(request, deps, { action: 'contacts.export', object: { kind: 'contact', id: String(contact._id) } })
    const headers = {
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="contact-${contact._id}.zip"`,
    }
    return { stream: zipOf(filesOfPerson(deps, contact)), headers }
  },
})

export const exportRoutes = [exported]
