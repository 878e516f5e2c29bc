import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ListPage } from '../../lib/api/types.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { Button } from '../../ui/button.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'

interface ListProps<Row> {
  query: UseInfiniteQueryResult<InfiniteData<ListPage<Row>>>
  /** What is said when nothing fits. */
  none: string
  /** Shows all rows that are loaded. */
  children(rows: Row[]): ReactNode
}

/** A list that is loaded page by page, with its four states. */
export function List<Row>({ query, none, children }: ListProps<Row>) {
  const t = useText()
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query
  const rows = data?.pages.flatMap(page => page.data)
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('operations.list.failed')}
        </ErrorRow>
      )}
      {isPending && !error && <Bone width="100%" height="8rem" />}
      {rows?.length === 0 && <p className="text-ink-2">{none}</p>}
      {rows && rows.length > 0 && children(rows)}
      {hasNextPage && (
        <div>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('operations.more')}
          </Button>
        </div>
      )}
    </>
  )
}

interface StateSelectProps<State extends string> {
  label: string
  all: string
  value: State | undefined
  states: readonly State[]
  nameOf(state: State): string
  onChange(state: string): void
}

/** Narrows a list to one state. */
export function StateSelect<State extends string>({ label, all, value, states, nameOf, onChange }: StateSelectProps<State>) {
  return (
    <select
      aria-label={label}
      value={value ?? ''}
      onChange={event => onChange(event.target.value)}
      className="min-h-(--control) w-52 rounded-2 border border-line-strong bg-raised px-2 text-ui text-ink pointer-coarse:text-[1rem]"
    >
      <option value="">{all}</option>
      {states.map(state => (
        <option key={state} value={state}>
          {nameOf(state)}
        </option>
      ))}
    </select>
  )
}
