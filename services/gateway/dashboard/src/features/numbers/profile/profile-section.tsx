import { useQuery } from '@tanstack/react-query'
import { Problem } from '../../../lib/api/problem.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import type { NumberDetails } from '../data.ts'
import { profileQuery } from './data.ts'
import { ProfileForm } from './profile-form.tsx'

/** What customers see when they tap the name of a number, and how it is changed. */
export function ProfileSection({ number }: { number: NumberDetails }) {
  const t = useText()
  const isConnected = number.status === 'active' || number.status === 'paused'
  const { data, error, refetch } = useQuery({ ...profileQuery(number.id), enabled: isConnected })
  return (
    <section className="grid gap-4" aria-labelledby="profile">
      <header className="grid gap-1">
        <h2 id="profile">{t('profile.title')}</h2>
        <p className="max-w-[40rem] text-ink-2">{t('profile.text')}</p>
      </header>
      {!isConnected && <p className="rounded-2 bg-time-soft px-3 py-2">{t('profile.notConnected')}</p>}
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('profile.failed')} <bdi>{error instanceof Problem && error.status > 0 ? error.detail : null}</bdi>
        </ErrorRow>
      )}
      {isConnected && !data && !error && <Bones />}
      {isConnected && data && <ProfileForm key={number.id} number={number} shown={data} />}
    </section>
  )
}

const Bones = () => (
  <div className="grid gap-6 two:grid-cols-[minmax(0,40rem)_20rem]" aria-busy="true">
    <Bone width="100%" height="24rem" />
    <Bone width="100%" height="24rem" />
  </div>
)
