import { type QueryKey, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { createRefetch } from '../../../lib/data/throttle.ts'

const refetchSoon = createRefetch(2000)

/**
 * Asks again for what a new message changes, every two seconds at most however many come.
 * @param lastAt time of the last message
 */
export function useFreshAfter(queryKey: QueryKey, lastAt: string | undefined): void {
  const queries = useQueryClient()
  const known = useRef(lastAt)
  useEffect(() => {
    if (known.current === lastAt) return
    known.current = lastAt
    refetchSoon(queries, queryKey)
  })
}
