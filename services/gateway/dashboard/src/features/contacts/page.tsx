import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { Button } from '../../ui/button.tsx'
import { ContactsIcon } from '../../ui/icons.tsx'
import { NoRight } from '../../ui/no-right.tsx'
import { Bone, Empty, ErrorRow } from '../../ui/states.tsx'
import { Actions } from './actions.tsx'
import { ContactDrawer } from './contact-drawer.tsx'
import { ContactRow } from './contact-row.tsx'
import { contactsQuery } from './data.ts'
import { Filters } from './filters.tsx'
import { filtersOf } from './search.ts'

/** Is this person here, and may I write to them? */
export default function ContactsPage() {
  const t = useText()
  const mayRead = useMay('contacts.read')
  const { contact } = useSearch({ from: '/shell/contacts' })
  const navigate = useNavigate({ from: '/contacts' })
  useEffect(() => {
    document.title = `${t('app.nav.contacts')} · Linko`
  })
  if (!mayRead) return <NoRight />
  const open = (id: string | undefined) =>
    void navigate({ search: ({ contact: _before, ...rest }) => (id === undefined ? rest : { ...rest, contact: id }) })
  return (
    <div className="flex h-full">
      <div className="min-w-0 flex-1 overflow-auto">
        <div className="mx-auto grid max-w-[72rem] gap-4 p-5 max-two:p-3">
          <header className="flex flex-wrap items-center justify-between gap-3">
            <h1>{t('app.nav.contacts')}</h1>
            <Actions onCreated={open} />
          </header>
          <Filters />
          <List onOpen={open} />
        </div>
      </div>
      {contact && <ContactDrawer key={contact} id={contact} onClose={() => open(undefined)} />}
    </div>
  )
}

function List({ onOpen }: { onOpen(id: string): void }) {
  const t = useText()
  const search = useSearch({ from: '/shell/contacts' })
  const filters = filtersOf(search)
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    contactsQuery(filters),
  )
  const contacts = data?.pages.flatMap(page => page.data)
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('contacts.list.failed')}
        </ErrorRow>
      )}
      {isPending && !error && <Bones />}
      {contacts?.length === 0 && <Nothing isFiltered={Object.keys(filters).length > 0} />}
      {contacts && contacts.length > 0 && (
        <ul aria-label={t('app.nav.contacts')} className="border-b border-line">
          {contacts.map(contact => (
            <ContactRow
              key={contact.id}
              contact={contact}
              isOpen={contact.id === search.contact}
              onOpen={() => onOpen(contact.id)}
            />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('contacts.more')}
        </Button>
      )}
    </>
  )
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  const t = useText()
  const navigate = useNavigate({ from: '/contacts' })
  if (!isFiltered) return <Empty icon={ContactsIcon} title={t('contacts.none')} text={t('contacts.none.text')} />
  return (
    <Empty
      icon={ContactsIcon}
      title={t('contacts.noneFound')}
      action={<Button onClick={() => void navigate({ search: {} })}>{t('contacts.filter.clear')}</Button>}
    />
  )
}

function Bones() {
  return (
    <div className="grid gap-4" aria-busy="true">
      {['60%', '45%', '52%', '40%'].map(width => (
        <Bone key={width} width={width} height="2rem" />
      ))}
    </div>
  )
}
