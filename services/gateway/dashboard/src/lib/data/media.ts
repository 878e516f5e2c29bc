import { queryOptions, useQuery } from '@tanstack/react-query'
import { getBlob } from '../api/client.ts'
import { useObjectUrl } from '../object-url.ts'

/** A file of a message; `thumbnail`: a small JPEG of a picture. Files do not change, so they are loaded once. */
export const mediaQuery = (id: string, thumbnail = false) =>
  queryOptions({
    queryKey: ['media', id, thumbnail],
    queryFn: ({ signal }) => getBlob(`/media/${id}${thumbnail ? '?thumbnail=true' : ''}`, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 5 * 60_000,
  })

/** Address of a file for `<img>`, `<audio>` and `<video>`; null while it is on its way or not wanted. */
export function useMediaUrl(id: string, { thumbnail = false, enabled = true }: { thumbnail?: boolean; enabled?: boolean } = {}) {
  const { data, error, isFetching } = useQuery({ ...mediaQuery(id, thumbnail), enabled })
  return { url: useObjectUrl(data), error, isFetching }
}

/** Saves a file under its name. */
export function saveFile(blob: Blob, filename: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = filename
  link.click()
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
