import * as Ariakit from '@ariakit/react'
import { useLingui } from '@lingui/react'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import clsx from 'clsx'
import type { ReactNode } from 'react'
import type { Availability } from '#shared/contracts/availability.ts'
import { request } from '../lib/api/client.ts'
import { AVAILABILITIES } from '../lib/data/availability.ts'
import { setLanguage } from '../lib/i18n/i18n.ts'
import type { Language } from '../lib/i18n/languages.ts'
import { directionOf, LANGUAGE_NAMES, LANGUAGES } from '../lib/i18n/languages.ts'
import { useText } from '../lib/i18n/text.tsx'
import { useNotifications } from '../lib/notifications.ts'
import { setPreference, usePreferences } from '../lib/preferences.ts'
import { NOTHING_OPEN } from '../lib/routes.ts'
import { signOut } from '../lib/session/session.ts'
import { useSession, useUser } from '../lib/session/session-store.ts'
import { BellIcon, CheckIcon, Icon, SearchIcon, SignOutIcon } from '../ui/icons.tsx'
import { shownCount } from '../ui/tag.tsx'
import { showToast } from '../ui/toasts.tsx'
import type { NavItem } from './nav.ts'
import { openOverlay } from './use-app-keys.ts'

const ITEM =
  'flex min-h-8 cursor-default items-center gap-2.5 rounded-2 px-2 data-active-item:bg-brand-soft data-active-item:text-brand pointer-coarse:min-h-11'

/** Who I am here: availability, theme, language, sign-out. Opened at once: it is loaded when it is asked for. */
export default function PersonMenu({
  button,
  more,
  children,
}: {
  button: { className: string; 'aria-label': string | undefined; 'aria-current': 'page' | undefined }
  /** On phones: pages that have no place in the bar. */
  more: NavItem[] | undefined
  children: ReactNode
}) {
  const t = useText()
  const { name, email, availability = 'available' } = useUser()
  const theme = usePreferences(state => state.theme)
  const language = useLingui().i18n.locale as Language
  const available = useAvailability()
  return (
    <Ariakit.MenuProvider defaultOpen placement="right-end" rtl={directionOf(language) === 'rtl'}>
      <Ariakit.MenuButton {...button}>{children}</Ariakit.MenuButton>
      <Ariakit.Menu
        gutter={8}
        portal
        // Its guards of the tab order are hidden from screen readers and can have the focus, which axe refuses.
        preserveTabOrder={false}
        unmountOnHide
        className="z-popover max-h-(--popover-available-height) min-w-56 overflow-auto rounded-3 bg-raised p-1 shadow-2 outline-none"
      >
        <div className="px-2 py-1.5">
          <p className="weight-name">
            <bdi>{name}</bdi>
          </p>
          <p className="text-meta text-ink-3">
            <bdi dir="ltr">{email}</bdi>
          </p>
        </div>
        {more && <Places pages={more} />}
        <Choices
          heading={t('app.availability')}
          value={availability}
          options={AVAILABILITIES.map(value => [value, t(`app.availability.${value}`)])}
          onChoose={value => available.mutate(value)}
        />
        <Choices
          heading={t('app.theme')}
          value={theme}
          options={(['system', 'light', 'dark'] as const).map(value => [value, t(`app.theme.${value}`)])}
          onChoose={value => setPreference('theme', value)}
        />
        <Choices
          heading={t('app.language')}
          value={language}
          options={LANGUAGES.map(value => [value, LANGUAGE_NAMES[value]])}
          onChoose={value => void setLanguage(value)}
        />
        <Ariakit.MenuSeparator className="my-1 border-line" />
        <Ariakit.MenuItem className={ITEM} onClick={() => void signOut()}>
          <Icon of={SignOutIcon} className="turns" />
          {t('app.signOut')}
        </Ariakit.MenuItem>
      </Ariakit.Menu>
    </Ariakit.MenuProvider>
  )
}

/** Where else one can go on a phone: the pages that are not in the bar, and what the rail has at its end. */
function Places({ pages }: { pages: NavItem[] }) {
  const t = useText()
  const navigate = useNavigate()
  const unread = useNotifications(({ items }) => items.filter(({ isRead }) => !isRead).length)
  return (
    <div className="border-t border-line py-1">
      {pages.map(({ to, text, icon }) => (
        <Ariakit.MenuItem key={to} className={ITEM} onClick={() => void navigate({ to, params: NOTHING_OPEN })}>
          <Icon of={icon} />
          {t(text)}
        </Ariakit.MenuItem>
      ))}
      <Ariakit.MenuItem className={ITEM} onClick={() => openOverlay('palette')}>
        <Icon of={SearchIcon} />
        {t('app.palette.title')}
      </Ariakit.MenuItem>
      <Ariakit.MenuItem className={ITEM} onClick={() => openOverlay('notifications')}>
        <Icon of={BellIcon} />
        {t('app.notifications.count', { n: unread, count: shownCount(unread) })}
      </Ariakit.MenuItem>
    </div>
  )
}

interface ChoicesProps<Value extends string> {
  heading: string
  value: Value
  options: (readonly [Value, string])[]
  onChoose(value: Value): void
}

function Choices<Value extends string>({ heading, value, options, onChoose }: ChoicesProps<Value>) {
  return (
    <Ariakit.MenuGroup className="border-t border-line py-1">
      <Ariakit.MenuGroupLabel className="px-2 pt-1 text-meta text-ink-3">{heading}</Ariakit.MenuGroupLabel>
      {options.map(([option, text]) => (
        <Ariakit.MenuItemRadio
          key={option}
          name={heading}
          value={option}
          checked={option === value}
          onChange={() => onChoose(option)}
          hideOnClick={false}
          className={ITEM}
        >
          <Icon of={CheckIcon} size={16} className={clsx(option !== value && 'invisible')} />
          <span lang={option.length === 2 ? option : undefined}>{text}</span>
        </Ariakit.MenuItemRadio>
      ))}
    </Ariakit.MenuGroup>
  )
}

/** Shown at once; taken back if the server refuses. */
function useAvailability() {
  const t = useText()
  const show = (availability: Availability | undefined) =>
    useSession.setState(state => (state.user && { user: { ...state.user, ...(availability && { availability }) } }) || state)
  return useMutation({
    mutationFn: (availability: Availability) => request('PUT', '/users/me/availability', { body: { availability } }),
    onMutate: availability => {
      const before = useSession.getState().user?.availability
      show(availability)
      return { before }
    },
    onError: (_error, _availability, context) => {
      show(context?.before)
      showToast({ kind: 'fail', text: t('app.availability.failed') })
    },
  })
}
