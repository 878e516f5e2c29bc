import { expect, test } from 'vitest'
import { queryOf, searchOf } from './saved-views.ts'
import type { InboxSearch } from './search.ts'

test.for<InboxSearch>([
  {},
  { tab: 'unassigned' },
  { tab: 'all', status: 'any', label: 'Interview' },
  { tab: 'all', status: 'snoozed' },
  { status: 'closed', unread: true, number: 'n1', q: 'Salma' },
  { tab: 'all', unattended: true, sort: 'waiting' },
  { tab: 'all', window: 'closing' },
  { tab: 'all', window: 'closed', sort: 'waiting', assignee: 'u1' },
])('the filters %j are the same after they were saved', search => {
  expect(searchOf(queryOf(search))).toEqual(search)
})

test('a view that was made by the API is shown if the inbox knows all of it, and never without a part of it', () => {
  expect(searchOf({ status: 'open', label: 'Interview', unread: 'true' })).toEqual({
    tab: 'all',
    label: 'Interview',
    unread: true,
  })
  expect(searchOf({ status: 'open', candidateId: '7' })).toBeNull()
  expect(searchOf({ closesWithin: 15 })).toBeNull()
  expect(searchOf({ unread: false })).toBeNull()
  expect(searchOf({ mine: true, unassigned: true })).toBeNull()
})
