import { Text, useText } from '../lib/i18n/text.tsx'
import { actingNow, stopActing } from '../lib/session/acting.ts'
import { useSession } from '../lib/session/session-store.ts'
import { Button } from '../ui/button.tsx'
import { Icon, TenantsIcon } from '../ui/icons.tsx'

/** Says on every page in whose account a platform admin acts, and leads back. It cannot be hidden. */
export function ActingBanner() {
  const t = useText()
  useSession(({ user }) => user?.id)
  const acting = actingNow()
  if (acting === null) return null
  return (
    <section
      aria-label={t('app.acting.title')}
      className="z-banner flex min-h-10 items-center gap-3 border-b border-line bg-time-soft py-1 ps-6 pe-3 max-two:ps-4"
    >
      <Icon of={TenantsIcon} className="text-time" />
      <p className="min-w-0 flex-1">
        <Text id="app.acting" values={{ name: <b className="weight-name">{acting.name}</b> }} />
      </p>
      <Button small onClick={stopActing}>
        {t('app.acting.stop')}
      </Button>
    </section>
  )
}
