import clsx from 'clsx'
import { useText } from '../lib/i18n/text.tsx'
import { IconButton } from '../ui/button.tsx'
import { CloseIcon, Icon } from '../ui/icons.tsx'
import { useHidden } from './hidden-banners.ts'
import { useNotices } from './notices.tsx'

const MOST = 2

/** What concerns the whole account: one line each, two at most, the worst first. */
export function Banners() {
  const t = useText()
  const { hidden, hide } = useHidden()
  const notices = useNotices()
    .filter(({ key }) => !hidden.includes(key))
    .slice(0, MOST)
  if (notices.length === 0) return null
  return (
    <section aria-label={t('app.banners')} className="z-banner border-b border-line">
      {notices.map(({ key, kind, icon, content, link }) => (
        <div
          key={key}
          className={clsx(
            'flex min-h-10 items-center gap-3 border-line ps-6 pe-3 not-first:border-t max-two:ps-4 max-two:py-2',
            kind === 'fail' ? 'bg-fail-soft' : 'bg-time-soft',
          )}
        >
          <Icon of={icon} className={kind === 'fail' ? 'text-fail' : 'text-time'} />
          <p className="min-w-0 flex-1">
            {content} {link}
          </p>
          <IconButton icon={CloseIcon} label={t('ui.hide')} small onClick={() => hide(key)} />
        </div>
      ))}
    </section>
  )
}
