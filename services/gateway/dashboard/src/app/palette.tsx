import * as Ariakit from '@ariakit/react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useDeferredValue, useState } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { get } from '../lib/api/client.ts'
import type { ListPage } from '../lib/api/types.ts'
import { identifierOf, nameOf } from '../lib/data/contact-name.ts'
import type { Pages } from '../lib/data/conversation-list.ts'
import { keys } from '../lib/data/keys.ts'
import { setLanguage } from '../lib/i18n/i18n.ts'
import { LANGUAGE_NAMES, LANGUAGES } from '../lib/i18n/languages.ts'
import { useText } from '../lib/i18n/text.tsx'
import { setPreference } from '../lib/preferences.ts'
import { NOTHING_OPEN } from '../lib/routes.ts'
import { signOut } from '../lib/session/session.ts'
import { ContactAvatar } from '../ui/avatar.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Icon, InfoIcon, KeyboardIcon, LanguageIcon, SearchIcon, SignOutIcon, ThemeIcon } from '../ui/icons.tsx'
import { useNav } from './nav.ts'
import { openOverlay } from './use-app-keys.ts'

interface Entry {
  key: string
  /** What the typed words are compared with. */
  words: string
  icon: ReactNode
  content: ReactNode
  run(): void
}

const MOST = 8

/** Go anywhere, open anybody, do anything: one field. Typed words filter, Enter takes the first. */
export default function Palette({ onClose }: { onClose(): void }) {
  const t = useText()
  const [typed, setTyped] = useState('')
  const words = useDeferredValue(typed.trim())
  const groups = useGroups(words)
  const matching = groups.map(group => ({
    ...group,
    entries: group.entries.filter(entry => matches(entry.words, words)).slice(0, MOST),
  }))
  const isEmpty = matching.every(({ entries }) => entries.length === 0)
  return (
    <Dialog title={t('app.palette.title')} onClose={onClose}>
      <Ariakit.ComboboxProvider open setValue={setTyped}>
        <div className="relative">
          <Icon of={SearchIcon} className="pointer-events-none absolute inset-y-0 start-2.5 my-auto text-ink-3" />
          <Ariakit.Combobox
            data-autofocus
            autoSelect="always"
            dir={typed ? 'auto' : undefined}
            aria-label={t('app.palette.title')}
            placeholder={t('app.palette.hint')}
            className="min-h-10 w-full rounded-2 border border-line-strong bg-raised ps-8.5 pe-3 text-text"
          />
        </div>
        <Ariakit.ComboboxList alwaysVisible className="max-h-80 overflow-auto">
          {matching.map(({ heading, entries }) =>
            entries.length === 0 ? null : (
              <Ariakit.ComboboxGroup key={heading} className="py-1">
                <Ariakit.ComboboxGroupLabel className="px-2 py-1 text-meta text-ink-3">{heading}</Ariakit.ComboboxGroupLabel>
                {entries.map(entry => (
                  <Ariakit.ComboboxItem
                    key={entry.key}
                    focusOnHover
                    setValueOnClick={false}
                    onClick={() => {
                      onClose()
                      entry.run()
                    }}
                    className="flex min-h-12 cursor-default items-center gap-2.5 rounded-2 px-2 data-active-item:bg-brand-soft data-active-item:text-brand"
                  >
                    {entry.icon}
                    {entry.content}
                  </Ariakit.ComboboxItem>
                ))}
              </Ariakit.ComboboxGroup>
            ),
          )}
          {isEmpty && <p className="px-2 py-4 text-ink-2">{t('app.palette.none')}</p>}
        </Ariakit.ComboboxList>
      </Ariakit.ComboboxProvider>
    </Dialog>
  )
}

const folded = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()
const matches = (text: string, words: string) =>
  folded(words)
    .split(/\s+/)
    .every(word => folded(text).includes(word))

function useGroups(words: string): { heading: string; entries: Entry[] }[] {
  const t = useText()
  return [
    { heading: t('app.palette.conversations'), entries: useConversations(words) },
    { heading: t('app.palette.pages'), entries: usePages() },
    { heading: t('app.palette.actions'), entries: useActions() },
  ]
}

function usePages(): Entry[] {
  const t = useText()
  const navigate = useNavigate()
  const allowed = useNav()
  return allowed.map(({ to, text, icon }) => ({
    key: to,
    words: t(text),
    icon: <Icon of={icon} />,
    content: t(text),
    run: () => void navigate({ to, params: NOTHING_OPEN }),
  }))
}

function useActions(): Entry[] {
  const t = useText()
  const entry = (key: string, text: string, icon: Entry['icon'], run: () => void): Entry => ({
    key,
    words: text,
    icon,
    content: text,
    run,
  })
  return [
    entry('shortcuts', t('app.shortcuts.title'), <Icon of={KeyboardIcon} />, () => openOverlay('shortcuts')),
    ...(['system', 'light', 'dark'] as const).map(theme =>
      entry(theme, `${t('app.theme')}: ${t(`app.theme.${theme}`)}`, <Icon of={ThemeIcon} />, () => setPreference('theme', theme)),
    ),
    ...LANGUAGES.map(language =>
      entry(
        language,
        `${t('app.language')}: ${LANGUAGE_NAMES[language]}`,
        <Icon of={LanguageIcon} />,
        () => void setLanguage(language),
      ),
    ),
    entry('sign-out', t('app.signOut'), <Icon of={SignOutIcon} className="turns" />, () => void signOut()),
  ]
}

/** Those that are loaded, the latest first; with words, also what the server finds by them. */
function useConversations(words: string): Entry[] {
  const navigate = useNavigate()
  const known = useKnown()
  const { data: found = [] } = useQuery({
    queryKey: ['palette', words],
    queryFn: async ({ signal }) =>
      (await get<ListPage<ConversationView>>('/conversations', { q: words, limit: MOST }, signal)).data,
    enabled: words.length > 1,
    staleTime: 30_000,
    placeholderData: before => before,
  })
  const all = [...new Map([...known, ...(words.length > 1 ? found : [])].map(row => [row.id, row])).values()]
  return all.map(row => ({
    key: row.id,
    // The server compares what is not shown, so that what it found always matches.
    words: `${nameOf(row).text} ${identifierOf(row.contact).text} ${found.includes(row) ? words : ''}`,
    icon: <ContactAvatar name={row.contact.name} windowExpiresAt={row.windowExpiresAt} />,
    content: <Who row={row} />,
    run: () => void navigate({ to: '/inbox/{-$conversationId}', params: { conversationId: row.id } }),
  }))
}

function Who({ row }: { row: ConversationView }) {
  const { text, isLtr } = nameOf(row)
  return (
    <bdi dir={isLtr ? 'ltr' : undefined} className="truncate">
      {text ?? <Icon of={InfoIcon} />}
    </bdi>
  )
}

function useKnown(): ConversationView[] {
  const queryClient = useQueryClient()
  const [rows] = useState(() =>
    queryClient
      .getQueriesData<Pages<ConversationView>>({ queryKey: keys.conversationLists })
      .flatMap(([, list]) => list?.pages.flatMap(page => page.data) ?? []),
  )
  return rows
}
