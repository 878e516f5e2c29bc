import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type BusinessProfile, MAX_PICTURE_BYTES, PICTURE_TYPES } from '#shared/domain/numbers/business-profile.ts'
import { get, getBlob, request } from '../../../lib/api/client.ts'
import { keys } from '../../../lib/data/keys.ts'
import { useObjectUrl } from '../../../lib/object-url.ts'

/** A profile with the address of its picture at WhatsApp, which no page may load. */
export interface ShownProfile extends BusinessProfile {
  pictureUrl: string | null
}

/** What the form changes: the profile, and the address in this page of a new picture; null: the picture stays. */
export interface ProfileFields extends BusinessProfile {
  pictureMediaId: string | null
}

export const profileQuery = (numberId: string) =>
  queryOptions({
    queryKey: [...keys.numbers, numberId, 'business-profile'],
    queryFn: ({ signal }) => get<ShownProfile>(`/phone-numbers/${numberId}/business-profile`, undefined, signal),
    // Each reading asks WhatsApp.
    staleTime: 60_000,
    retry: false,
  })

interface ProfileChange {
  change: Partial<ProfileFields>
  expected: Partial<ProfileFields>
  /** File of the new picture. */
  picture: File | null
}

export function useProfileChange(numberId: string) {
  const queries = useQueryClient()
  return useMutation({
    async mutationFn({ change, expected, picture }: ProfileChange): Promise<ShownProfile> {
      const { pictureMediaId: _url, ...fields } = change
      const { pictureMediaId: _none, ...seen } = expected
      const websites = fields.websites && { websites: fields.websites.filter(one => one !== '') }
      const body = { ...fields, ...websites, expected: seen, ...(picture && { pictureMediaId: await uploaded(picture) }) }
      return await request('PATCH', `/phone-numbers/${numberId}/business-profile`, { body })
    },
    onSuccess: shown => queries.setQueryData(profileQuery(numberId).queryKey, shown),
  })
}

async function uploaded(picture: File): Promise<string> {
  const { uploadFile } = await import('../../../lib/outbox/upload.ts')
  const { name, type } = picture
  return (await uploadFile(picture, { name, type, key: crypto.randomUUID() })).id
}

/** Whether WhatsApp takes a file as the picture. */
export const isPicture = ({ type, size }: File): boolean => PICTURE_TYPES.includes(type) && size > 0 && size <= MAX_PICTURE_BYTES

/** Address in this page of the picture that WhatsApp has; null without one, and while it is on its way. */
export function usePicture(numberId: string, pictureUrl: string | null): string | null {
  const { data } = useQuery({
    queryKey: [...keys.numbers, numberId, 'picture', pictureUrl],
    queryFn: ({ signal }) => getBlob(`/phone-numbers/${numberId}/business-profile/picture`, signal),
    enabled: pictureUrl !== null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  return useObjectUrl(data)
}
