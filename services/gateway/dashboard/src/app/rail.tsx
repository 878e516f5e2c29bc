import { Link, useMatchRoute } from '@tanstack/react-router'
import clsx from 'clsx'
import { Suspense, useState } from 'react'
import { useText } from '../lib/i18n/text.tsx'
import { lazyPart } from '../lib/lazy-part.ts'
import { useNotifications } from '../lib/notifications.ts'
import { NOTHING_OPEN } from '../lib/routes.ts'
import { useUser } from '../lib/session/session-store.ts'
import { isMac, shownOn } from '../lib/shortcuts/bindings.ts'
import { PersonAvatar } from '../ui/avatar.tsx'
import { ConnectionBadge } from '../ui/connection-badge.tsx'
import { BellIcon, Icon, MenuIcon, SearchIcon } from '../ui/icons.tsx'
import { initialsOf } from '../ui/initials.ts'
import { Mark } from '../ui/mark.tsx'
import { Count, shownCount } from '../ui/tag.tsx'
import { type NavItem, phoneBar, useNav } from './nav.ts'
import { openOverlay } from './use-app-keys.ts'

const PersonMenu = lazyPart(() => import('./person-menu.tsx'))

/** Icon with its word below, so that no tooltip is needed and no label is cut. */
export const railItem =
  'relative flex min-h-13 w-full flex-col items-center justify-center gap-0.5 rounded-2 px-0.5 py-1 text-center text-meta leading-[1.15] text-ink-2 no-underline hover:bg-hover hover:text-ink'
const railHere = clsx(
  'aria-[current=page]:bg-brand-soft aria-[current=page]:text-brand',
  'aria-[current=page]:before:absolute aria-[current=page]:before:-start-1 aria-[current=page]:before:inset-y-2 aria-[current=page]:before:w-[3px] aria-[current=page]:before:rounded-1 aria-[current=page]:before:bg-brand',
  'max-two:rounded-none max-two:aria-[current=page]:bg-transparent max-two:aria-[current=page]:before:inset-x-1/4 max-two:aria-[current=page]:before:top-0 max-two:aria-[current=page]:before:bottom-auto max-two:aria-[current=page]:before:h-[3px] max-two:aria-[current=page]:before:w-auto',
)

export function Rail() {
  const t = useText()
  const pages = useNav()
  const { more } = phoneBar(pages)
  return (
    <nav
      aria-label={t('app.nav')}
      className="z-rail flex min-h-0 flex-col gap-2 overflow-x-hidden overflow-y-auto bg-desk pt-3 pb-2 [scrollbar-width:none] max-two:order-2 max-two:overflow-visible max-two:border-t max-two:border-line max-two:pt-0 max-two:pb-[env(safe-area-inset-bottom)] max-two:group-has-data-open/app:hidden"
    >
      <div className="grid justify-items-center pb-2 max-two:hidden">
        <Mark />
      </div>
      <ul className="mb-auto flex flex-col gap-0.5 px-1 max-two:mb-0 max-two:grid max-two:auto-cols-fr max-two:grid-flow-col max-two:px-0.5">
        {pages.map(item => (
          <RailLink key={item.to} item={item} onPhones={!more.includes(item)} />
        ))}
        <li className="two:hidden">
          <PersonButton more={more} />
        </li>
      </ul>
      <div className="flex flex-col gap-0.5 px-1 max-two:hidden">
        <PaletteButton />
        <BellButton />
        <PersonButton />
        <ConnectionBadge />
      </div>
    </nav>
  )
}

function RailLink({ item: { to, text, icon }, onPhones }: { item: NavItem; onPhones: boolean }) {
  const t = useText()
  return (
    <li className={clsx(!onPhones && 'max-two:hidden')}>
      <Link
        to={to}
        params={NOTHING_OPEN}
        className={clsx(railItem, railHere)}
        activeProps={{ 'aria-current': 'page' }}
        activeOptions={{ includeSearch: false }}
      >
        <Icon of={icon} size={20} />
        <span>{t(text)}</span>
      </Link>
    </li>
  )
}

function PaletteButton() {
  const t = useText()
  return (
    <button
      type="button"
      className={railItem}
      aria-label={t('app.palette.button', { keys: shownOn(['Ctrl', 'K'], isMac()).join(' ') })}
      onClick={() => openOverlay('palette')}
    >
      <Icon of={SearchIcon} size={20} />
      <span dir="ltr" className="pointer-coarse:hidden">
        {shownOn(['Ctrl', 'K'], isMac()).join(' ')}
      </span>
    </button>
  )
}

function BellButton() {
  const t = useText()
  const unread = useNotifications(({ items }) => items.filter(({ isRead }) => !isRead).length)
  return (
    <button
      type="button"
      className={clsx(railItem, 'min-h-10')}
      aria-label={t('app.notifications.count', { n: unread, count: shownCount(unread) })}
      onClick={() => openOverlay('notifications')}
    >
      <Icon of={BellIcon} size={20} />
      <span className="absolute start-[calc(50%+0.3rem)] top-0.5">
        <Count value={unread} />
      </span>
    </button>
  )
}

/** One's own picture with the availability; on phones the same menu is called More, and leads to the pages that are not in the bar. */
function PersonButton({ more }: { more?: NavItem[] }) {
  const t = useText()
  const matches = useMatchRoute()
  const { name, availability = 'available' } = useUser()
  const [isAsked, setAsked] = useState(false)
  const label = more
    ? undefined
    : t('app.person', { initials: initialsOf(name), name, availability: t(`app.availability.${availability}`) })
  const content = more ? (
    <>
      <Icon of={MenuIcon} size={20} />
      <span>{t('app.nav.more')}</span>
    </>
  ) : (
    <PersonAvatar name={name} availability={availability} />
  )
  const common = {
    className: clsx(railItem, more ? railHere : 'min-h-10'),
    'aria-label': label,
    'aria-current': more?.some(({ to }) => matches({ to, fuzzy: true })) ? ('page' as const) : undefined,
  }
  const button = (
    <button type="button" {...common} aria-haspopup="menu" onClick={() => setAsked(true)}>
      {content}
    </button>
  )
  if (!isAsked) return button
  return (
    <Suspense fallback={button}>
      <PersonMenu button={common} more={more}>
        {content}
      </PersonMenu>
    </Suspense>
  )
}
