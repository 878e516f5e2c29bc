import { useState } from 'react'
import { deletesMore, keptSince, MAX_KEEP_DAYS, MIN_KEEP_DAYS } from '#shared/domain/inbox/retention.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, type Translate, useText } from '../../lib/i18n/text.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Check, Field, Input } from '../../ui/field.tsx'
import type { FieldWords } from '../../ui/form/conflict.tsx'
import { problemAt } from '../../ui/form/field-problems.ts'
import type { CompanySettings } from './data.ts'
import { type ConfirmProps, SettingsForm } from './settings-form.tsx'

/** What the field shows first when a retention is switched on. */
const USUAL_DAYS = 365

/** How long the company keeps what its messages say. */
export function Retention() {
  const t = useText()
  return (
    <SettingsForm
      label={t('settings.section.retention')}
      fields={wordsOf(t)}
      confirm={{ isNeeded: deletes, Dialog: DeleteDialog }}
    >
      {({ now, set }, error) => (
        <>
          <p className="text-ink-2">{t('settings.retention.text')}</p>
          <Check
            label={t('settings.retention.on')}
            checked={now.keepMessagesDays !== null}
            onChange={({ target }) => set({ keepMessagesDays: target.checked ? USUAL_DAYS : null })}
          />
          {now.keepMessagesDays !== null && (
            <Field
              label={t('settings.retention.days')}
              hint={t('settings.retention.hint')}
              problem={problemAt(error, 'keepMessagesDays')}
            >
              {ids => (
                <Input
                  {...ids}
                  required
                  type="number"
                  min={MIN_KEEP_DAYS}
                  max={MAX_KEEP_DAYS}
                  value={Number.isNaN(now.keepMessagesDays) ? '' : (now.keepMessagesDays ?? '')}
                  onChange={({ target }) => set({ keepMessagesDays: target.valueAsNumber })}
                />
              )}
            </Field>
          )}
        </>
      )}
    </SettingsForm>
  )
}

const deletes = ({ keepMessagesDays: days }: Partial<CompanySettings>, before: CompanySettings): boolean =>
  days !== undefined && deletesMore(before.keepMessagesDays, days)

/** What is deleted cannot be had back: the number of days is typed once more. */
function DeleteDialog({ change, isBusy, onConfirm, onClose }: ConfirmProps) {
  const t = useText()
  const { day } = useFormat()
  const [typed, setTyped] = useState('')
  const days = change.keepMessagesDays ?? 0
  const isSame = typed.trim() === String(days)
  const now = new Date()
  // Noon is on the same day in all time zones but the outermost.
  const values = { day: day(new Date(keptSince(days, now).getTime() + 12 * 3_600_000), now) }
  return (
    <Dialog title={t('settings.retention.confirm')} onClose={onClose} canClose={!isBusy}>
      <form
        className="grid gap-4"
        onSubmit={event => {
          event.preventDefault()
          if (isSame && !isBusy) onConfirm()
        }}
      >
        <p>
          <Text id="settings.retention.deletes" values={values} />
        </p>
        <Field label={t('settings.retention.type', { days: String(days) })}>
          {ids => (
            <Input
              {...ids}
              data-autofocus
              dir="ltr"
              inputMode="numeric"
              autoComplete="off"
              value={typed}
              onChange={event => setTyped(event.target.value)}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose} disabled={isBusy}>
            {t('ui.cancel')}
          </Button>
          <Button type="submit" kind="danger" disabled={!isSame} busy={isBusy}>
            {t('settings.retention.submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

const wordsOf = (t: Translate): FieldWords<CompanySettings>[] => [
  {
    name: 'keepMessagesDays',
    label: t('settings.retention.days'),
    show: ({ keepMessagesDays }) => (keepMessagesDays === null ? t('settings.retention.forEver') : String(keepMessagesDays)),
  },
]
