import { useText } from '../../../lib/i18n/text.tsx'
import { Icon, UserIcon } from '../../../ui/icons.tsx'
import { initialsOf } from '../../../ui/initials.ts'
import type { NumberDetails } from '../data.ts'
import type { ProfileFields } from './data.ts'
import { verticalName } from './vertical-name.ts'

interface ProfilePreviewProps {
  number: NumberDetails
  profile: ProfileFields
  /** Address of the picture in this page; null without one. */
  picture: string | null
}

/** The profile on a customer's phone, in the order in which WhatsApp shows it. What is not set is not there. */
export function ProfilePreview({ number, profile, picture }: ProfilePreviewProps) {
  const t = useText()
  const { about, description, vertical, address, email, websites } = profile
  const name = number.verifiedName ?? number.companyName
  return (
    <aside aria-label={t('profile.preview')} className="grid gap-2 two:sticky two:top-5">
      <h3>{t('profile.preview')}</h3>
      <div className="grid gap-2 rounded-3 border border-line bg-sunk p-3" data-profile>
        <div className="grid justify-items-center gap-1 rounded-3 border border-line bg-raised p-4 text-center">
          <Picture picture={picture} name={name} />
          <p className="weight-name max-w-full text-head leading-(--l-head) wrap-anywhere">
            <bdi>{name}</bdi>
          </p>
          <p className="figures text-ink-2">
            <bdi dir="ltr">{number.whatsappNumber}</bdi>
          </p>
          <p className="text-meta text-ink-3">{t('profile.preview.business')}</p>
        </div>
        <dl className="grid gap-2 rounded-3 border border-line bg-raised p-4 text-text empty:hidden">
          <Line label={t('profile.description')}>{description}</Line>
          <Line label={t('profile.vertical')}>{vertical && verticalName(t, vertical)}</Line>
          <Line label={t('profile.address')}>{address}</Line>
          <Line label={t('profile.email')} isLtr>
            {email}
          </Line>
          {websites
            .filter(one => one !== '')
            .map((website, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a website is its place
              <Line key={i} label={t('profile.website', { n: i + 1 })} isLtr>
                {website}
              </Line>
            ))}
          <Line label={t('profile.about')}>{about}</Line>
        </dl>
      </div>
    </aside>
  )
}

function Picture({ picture, name }: { picture: string | null; name: string | null }) {
  if (picture !== null) return <img src={picture} alt="" className="size-20 rounded-full object-cover" />
  return (
    <span
      aria-hidden="true"
      className="grid size-20 place-items-center rounded-full bg-brand-soft text-head font-semibold text-brand"
    >
      {initialsOf(name) ?? <Icon of={UserIcon} size={24} />}
    </span>
  )
}

function Line({ label, isLtr = false, children }: { label: string; isLtr?: boolean; children: string | null }) {
  if (!children) return null
  return (
    <div>
      <dt className="text-meta text-ink-3">{label}</dt>
      <dd className="wrap-anywhere whitespace-pre-line">
        <bdi dir={isLtr ? 'ltr' : 'auto'}>{children}</bdi>
      </dd>
    </div>
  )
}
