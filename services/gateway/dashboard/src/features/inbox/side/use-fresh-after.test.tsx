import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { render, waitFor } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { useFreshAfter } from './use-fresh-after.ts'

const KEY = ['contacts', 'costs', 'c']

function Costs({ lastAt, load }: { lastAt: string; load(): Promise<number> }) {
  const { data } = useQuery({ queryKey: KEY, queryFn: load })
  useFreshAfter(KEY, lastAt)
  return <p>{data}</p>
}

test('however many messages come, what they change is asked for once more, and kept in one place', async () => {
  let asked = 0
  const load = vi.fn(async () => ++asked)
  const queries = new QueryClient()
  const show = (second: number) => (
    <QueryClientProvider client={queries}>
      <Costs lastAt={`2026-12-01T10:00:${String(second).padStart(2, '0')}.000Z`} load={load} />
    </QueryClientProvider>
  )
  const { rerender, findByText } = render(show(0))
  await findByText('1')
  for (let second = 1; second < 50; second++) rerender(show(second))
  await findByText('2')
  await waitFor(() => expect(queries.isFetching()).toBe(0))
  expect(load).toHaveBeenCalledTimes(2)
  expect(queries.getQueryCache().getAll()).toHaveLength(1)
})
