import { useQueryClient } from '@tanstack/react-query'
import { MAX_WEBSITES, PROFILE_LIMITS, VERTICALS } from '#shared/domain/numbers/business-profile.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { type Translate, useText } from '../../../lib/i18n/text.tsx'
import { Field, Input, Select, TextArea } from '../../../ui/field.tsx'
import type { FieldWords } from '../../../ui/form/conflict.tsx'
import { type Draft, useDraft } from '../../../ui/form/draft.ts'
import { DraftForm } from '../../../ui/form/draft-form.tsx'
import { problemAt } from '../../../ui/form/field-problems.ts'
import type { NumberDetails } from '../data.ts'
import { type ProfileFields, profileQuery, type ShownProfile, usePicture, useProfileChange } from './data.ts'
import { PictureField, usePickedPicture } from './picture-field.tsx'
import { ProfilePreview } from './profile-preview.tsx'
import { verticalName } from './vertical-name.ts'

/** The profile as a form, and beside it as customers see it. */
export function ProfileForm({ number, shown }: { number: NumberDetails; shown: ShownProfile }) {
  const t = useText()
  const queries = useQueryClient()
  const { pictureUrl, ...profile } = shown
  const draft = useDraft<ProfileFields>({ ...profile, pictureMediaId: null })
  const save = useProfileChange(number.id)
  const picture = usePicture(number.id, pictureUrl)
  const picked = usePickedPicture()
  const { now } = draft
  return (
    <div className="grid items-start gap-x-8 gap-y-5 two:grid-cols-[minmax(0,40rem)_20rem]">
      <DraftForm
        label={t('profile.title')}
        draft={draft}
        fields={wordsOf(t)}
        error={save.error}
        isBusy={save.isPending}
        onSave={(change, expected) =>
          save.mutate(
            { change, expected, picture: picked.fileOf(change.pictureMediaId ?? null) },
            { onSuccess: () => draft.undo() },
          )
        }
        onCurrent={current => {
          queries.setQueryData(profileQuery(number.id).queryKey, { ...shown, ...current })
          save.reset()
        }}
      >
        <PictureField
          shown={now.pictureMediaId ?? picture}
          isNew={now.pictureMediaId !== null}
          problem={problemAt(save.error, 'pictureMediaId')}
          onPick={file => draft.set({ pictureMediaId: file && picked.add(file) })}
        />
        <Texts draft={draft} profile={profile} error={save.error} />
        <Websites draft={draft} error={save.error} />
      </DraftForm>
      <ProfilePreview number={number} profile={now} picture={now.pictureMediaId ?? picture} />
    </div>
  )
}

interface FieldsProps {
  draft: Draft<ProfileFields>
  error: unknown
}

function Texts({ draft, profile, error }: FieldsProps & { profile: Pick<ProfileFields, 'about' | 'vertical'> }) {
  const t = useText()
  const { now, set } = draft
  return (
    <>
      {/* WhatsApp lets nobody take it away again. */}
      <LongText
        name="about"
        rows={2}
        hint={t('profile.about.hint')}
        required={profile.about !== null}
        draft={draft}
        error={error}
      />
      <LongText name="description" rows={4} draft={draft} error={error} />
      <Field label={t('profile.vertical')} problem={problemAt(error, 'vertical')}>
        {ids => (
          <Select {...ids} value={now.vertical ?? ''} onChange={({ target }) => set({ vertical: target.value })}>
            {profile.vertical === null && (
              <option value="" disabled>
                {t('profile.vertical.none')}
              </option>
            )}
            {namesOfVerticals(t, profile.vertical).map(([vertical, name]) => (
              <option key={vertical} value={vertical}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <LongText name="address" rows={2} draft={draft} error={error} />
      <Field label={t('profile.email')} problem={problemAt(error, 'email')}>
        {ids => (
          <Input
            {...ids}
            type="email"
            dir="ltr"
            maxLength={PROFILE_LIMITS.email}
            value={now.email ?? ''}
            onChange={({ target }) => set({ email: target.value || null })}
          />
        )}
      </Field>
    </>
  )
}

interface LongTextProps extends FieldsProps {
  name: 'about' | 'description' | 'address'
  rows: number
  hint?: string
  required?: boolean
}

/** A text of the profile that may have several lines, with how much of it WhatsApp takes. */
function LongText({ name, rows, hint, required = false, draft: { now, set }, error }: LongTextProps) {
  const t = useText()
  const most = PROFILE_LIMITS[name]
  return (
    <Field
      label={t(`profile.${name}`)}
      aside={<Count text={now[name]} most={most} />}
      hint={hint}
      problem={problemAt(error, name)}
    >
      {ids => (
        <TextArea
          {...ids}
          required={required}
          dir="auto"
          rows={rows}
          maxLength={most}
          value={now[name] ?? ''}
          onChange={({ target }) => set({ [name]: target.value || null })}
        />
      )}
    </Field>
  )
}

/** One field for each website that WhatsApp shows. */
function Websites({ draft: { now, set }, error }: FieldsProps) {
  const t = useText()
  const problem = problemAt(error, 'websites')
  const own = (at: number) => problemAt(error, `websites.${at}`)
  const isOfOne = own(0) !== undefined || own(1) !== undefined
  return (
    <fieldset className="grid gap-3">
      <legend className="weight-name mb-1">{t('profile.websites')}</legend>
      {Array.from({ length: MAX_WEBSITES }, (_, at) => at).map(at => (
        <Field
          key={at}
          label={t('profile.website', { n: at + 1 })}
          problem={own(at) ?? (!isOfOne && at === 0 && problem)}
          hint={at === 0 && t('profile.website.hint')}
        >
          {ids => (
            <Input
              {...ids}
              type="url"
              dir="ltr"
              pattern="[Hh][Tt][Tt][Pp][Ss]?://.+"
              title={t('profile.website.hint')}
              maxLength={PROFILE_LIMITS.website}
              value={now.websites[at] ?? ''}
              onChange={({ target }) => set({ websites: withWebsite(now.websites, at, target.value.trim()) })}
            />
          )}
        </Field>
      ))}
    </fieldset>
  )
}

/** The websites with another one at a place; empty ones at the end go. */
function withWebsite(websites: readonly string[], at: number, website: string): string[] {
  const places = Array.from({ length: MAX_WEBSITES }, (_, i) => (i === at ? website : (websites[i] ?? '')))
  const last = places.findLastIndex(one => one !== '')
  return places.slice(0, last + 1)
}

/** How many characters of those that WhatsApp takes, once most of them are there. */
function Count({ text, most }: { text: string | null; most: number }) {
  const { number } = useFormat()
  const n = text?.length ?? 0
  return n > most * 0.8 ? (
    <bdi dir="ltr">
      {number(n)} / {number(most)}
    </bdi>
  ) : null
}

/** Industries by their names; one that cannot be chosen stands there while it is the number's own. */
function namesOfVerticals(t: Translate, own: string | null): [vertical: string, name: string][] {
  const all: string[] = own === null || VERTICALS.some(one => one === own) ? [...VERTICALS] : [...VERTICALS, own]
  return all
    .map((vertical): [string, string] => [vertical, verticalName(t, vertical)])
    .toSorted(([one, a], [other, b]) => Number(one === 'OTHER') - Number(other === 'OTHER') || a.localeCompare(b))
}

const wordsOf = (t: Translate): FieldWords<ProfileFields>[] => [
  { name: 'about', label: t('profile.about'), show: ({ about }) => about ?? '–' },
  { name: 'description', label: t('profile.description'), show: ({ description }) => description ?? '–' },
  {
    name: 'vertical',
    label: t('profile.vertical'),
    show: ({ vertical }) => (vertical === null ? '–' : verticalName(t, vertical)),
  },
  { name: 'address', label: t('profile.address'), show: ({ address }) => address ?? '–' },
  { name: 'email', label: t('profile.email'), show: ({ email }) => email ?? '–' },
  { name: 'websites', label: t('profile.websites'), show: ({ websites }) => websites.join(' · ') || '–' },
]
