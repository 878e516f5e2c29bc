import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { Problem, request } from '../../../lib/api/client.ts'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import { type SavedView, savedViewsQuery } from '../../../lib/data/inbox-aids.ts'
import { keys } from '../../../lib/data/keys.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Button, IconButton } from '../../../ui/button.tsx'
import { Check, Field, Input } from '../../../ui/field.tsx'
import { FilterIcon, Icon, PeopleIcon, TrashIcon } from '../../../ui/icons.tsx'
import { Picker } from '../../../ui/picker.tsx'
import { showToast } from '../../../ui/toasts.tsx'
import { queryOf, searchOf } from '../saved-views.ts'
import { isFiltered } from '../search.ts'
import { closePicker } from './picking.ts'

/** Filters under a name: choose some, save those in force, remove one. */
export default function ViewPicker() {
  const t = useText()
  const search = useSearch({ from: '/shell/inbox/{-$conversationId}' })
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  const { data: views } = useQuery(savedViewsQuery)
  const entries = (views ?? []).map(({ id, name, scope, query }) => {
    const isShown = searchOf(query) !== null
    return {
      key: id,
      text: name,
      icon: <Icon of={scope === 'account' ? PeopleIcon : FilterIcon} />,
      hint: isShown ? t(`pick.views.${scope}`) : t('pick.views.unknown'),
      isDisabled: !isShown,
    }
  })
  return (
    <Picker
      title={t('inbox.views.title')}
      entries={entries}
      none={views && t('pick.views.none')}
      onClose={closePicker}
      onChoose={key => {
        const view = views?.find(({ id }) => id === key)
        const shown = view && searchOf(view.query)
        if (shown) void navigate({ search: shown })
      }}
    >
      {isFiltered(search) && <SaveForm query={queryOf(search)} />}
      {views !== undefined && views.length > 0 && <Removing views={views} />}
    </Picker>
  )
}

function useFailure() {
  return (error: unknown) =>
    void showToast({
      kind: 'fail',
      text: <Text id="inbox.action.failed" values={{ why: error instanceof Problem ? error.detail : '' }} />,
    })
}

function SaveForm({ query }: { query: SavedView['query'] }) {
  const t = useText()
  const queries = useQueryClient()
  const mayShare = useMay('views.write')
  const [name, setName] = useState('')
  const [isShared, setShared] = useState(false)
  const key = useRepeatKey()
  const fail = useFailure()
  const save = useMutation({
    mutationFn: () =>
      request<SavedView>('POST', '/views', {
        body: { scope: isShared ? 'account' : 'own', name: name.trim(), query },
        idempotencyKey: key.current(),
      }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.views })
      closePicker()
      showToast({ text: <Text id="pick.views.saved" values={{ name: name.trim() }} /> })
    },
    onError: error => {
      key.onError(error)
      fail(error)
    },
  })
  return (
    <form
      className="grid gap-2 border-t border-line pt-3"
      onSubmit={event => {
        event.preventDefault()
        if (name.trim() !== '' && !save.isPending) save.mutate()
      }}
    >
      <div className="flex items-end gap-2">
        <div className="min-w-0 flex-1">
          <Field label={t('pick.views.name')}>
            {ids => <Input {...ids} dir="auto" maxLength={80} value={name} onChange={event => setName(event.target.value)} />}
          </Field>
        </div>
        <Button type="submit" busy={save.isPending} disabled={name.trim() === ''}>
          {t('pick.views.save')}
        </Button>
      </div>
      {mayShare && (
        <Check label={t('pick.views.shared')} checked={isShared} onChange={event => setShared(event.target.checked)} />
      )}
    </form>
  )
}

/** Which views somebody may remove: the own ones, those of the account with the right to it. */
function Removing({ views }: { views: readonly SavedView[] }) {
  const t = useText()
  const queries = useQueryClient()
  const mayShare = useMay('views.write')
  const fail = useFailure()
  const remove = useMutation({
    mutationFn: (id: string) => request('DELETE', `/views/${id}`),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.views }),
    onError: fail,
  })
  const removable = views.filter(({ scope }) => scope === 'own' || mayShare)
  if (removable.length === 0) return null
  return (
    <details className="border-t border-line pt-2">
      <summary className="cursor-pointer text-ink-2">{t('pick.views.manage')}</summary>
      <ul className="mt-1">
        {removable.map(({ id, name }) => (
          <li key={id} className="flex items-center justify-between gap-2">
            <bdi className="truncate">{name}</bdi>
            <IconButton
              icon={TrashIcon}
              small
              label={t('pick.views.remove', { name })}
              disabled={remove.isPending}
              onClick={() => remove.mutate(id)}
            />
          </li>
        ))}
      </ul>
    </details>
  )
}
