import type { BusinessProfile } from '../../domain/numbers/business-profile.ts'
import type { GraphResult, MetaClient } from '../client.ts'
import { isObject, listOf, text } from '../json.ts'
import { edgeOf, type NumberAccess, signed } from './access.ts'

const EDGE = 'whatsapp_business_profile'
const FIELDS = 'about,address,description,email,profile_picture_url,websites,vertical'

/** Requests the business profile of a number. */
export const askProfile = (meta: MetaClient, access: NumberAccess): Promise<GraphResult> =>
  meta.graph.get(edgeOf(access, EDGE), { ...signed(access), query: { fields: FIELDS } })

/** Sets the given fields of a profile; Meta keeps the others. An empty text takes a field away. */
export function setProfile(
  meta: MetaClient,
  access: NumberAccess,
  { websites, pictureHandle, ...texts }: Partial<BusinessProfile> & { pictureHandle?: string },
): Promise<GraphResult> {
  const given = Object.entries(texts).map(([name, value]) => [name, value ?? ''])
  const body = {
    messaging_product: 'whatsapp',
    ...Object.fromEntries(given),
    ...(websites && { websites }),
    ...(pictureHandle !== undefined && { profile_picture_handle: pictureHandle }),
  }
  return meta.graph.post(edgeOf(access, EDGE), { ...signed(access), body })
}

/** The profile in Meta's answer, and the address of its picture, which Meta changes from time to time. */
export function readProfile(data: Record<string, unknown>): { profile: BusinessProfile; pictureUrl: string | null } {
  const [found] = listOf(data.data).filter(isObject)
  const fields = found ?? {}
  const filled = (name: string) => text(fields[name]) || null
  const vertical = filled('vertical')
  return {
    profile: {
      about: filled('about'),
      address: filled('address'),
      description: filled('description'),
      email: filled('email'),
      websites: listOf(fields.websites).flatMap(one => text(one) || []),
      vertical: vertical === 'UNDEFINED' ? null : vertical,
    },
    pictureUrl: filled('profile_picture_url'),
  }
}
