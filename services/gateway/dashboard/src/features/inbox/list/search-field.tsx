import { useNavigate, useSearch } from '@tanstack/react-router'
import { useText } from '../../../lib/i18n/text.tsx'
import { Input } from '../../../ui/field.tsx'
import { Icon, SearchIcon } from '../../../ui/icons.tsx'
import { Key } from '../../../ui/key.tsx'
import { useTyped } from '../../../ui/use-typed.ts'
import type { InboxSearch } from '../search.ts'

/** Name, number or text. What is typed goes into the address after a pause. */
export function SearchField() {
  const t = useText()
  const { q = '' } = useSearch({ from: '/shell/inbox/{-$conversationId}' })
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  const [typed, setTyped] = useTyped(
    q,
    settled => void navigate({ search: before => ({ ...before, q: settled || undefined }) as InboxSearch, replace: true }),
  )
  return (
    <div className="relative">
      <Icon of={SearchIcon} className="pointer-events-none absolute inset-y-0 start-2.5 my-auto text-ink-3" />
      <Input
        type="search"
        id="inbox-search"
        dir={typed ? 'auto' : undefined}
        aria-label={t('inbox.search')}
        placeholder={t('inbox.search.hint')}
        value={typed}
        onChange={event => setTyped(event.target.value)}
        className="ps-8.5 pe-9"
      />
      <span className="pointer-events-none absolute inset-y-0 end-1.5 my-auto h-fit text-ink-3">
        <Key>/</Key>
      </span>
    </div>
  )
}
