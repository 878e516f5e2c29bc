import { useQuery } from '@tanstack/react-query'
import { useNumbers } from '../data/numbers.ts'
import { type SendableTemplate, sendableQuery } from './sendable.ts'

/** Approved templates of the business account that a number belongs to: only those can go out from it. */
export function useSendable(clientId: string): {
  templates: SendableTemplate[] | undefined
  error: Error | null
  refetch(): unknown
} {
  const { data, error, refetch } = useQuery(sendableQuery)
  const wabaId = useNumbers()?.find(({ id }) => id === clientId)?.wabaId
  return { templates: data?.filter(template => !wabaId || template.wabaId === wabaId), error, refetch }
}
