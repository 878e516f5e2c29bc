import { useState } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import { Icon, SnoozeIcon } from '../../../ui/icons.tsx'
import { Picker } from '../../../ui/picker.tsx'
import { useConversationActions } from '../use-conversation-actions.tsx'
import { closePicker } from './picking.ts'
import { fieldValue, type SnoozeName, snoozeTimes } from './snooze-times.ts'

const NAMES = ['hour', 'tomorrow', 'monday', 'week'] as const satisfies readonly SnoozeName[]
const LONGEST_MS = 365 * 24 * 3_600_000

/** Until when conversations are out of sight. They come back earlier when the customer writes. */
export default function SnoozePicker({ conversations }: { conversations: readonly ConversationView[] }) {
  const t = useText()
  const { shortDateTime } = useFormat()
  const [now] = useState(() => new Date())
  const [own, setOwn] = useState(() => fieldValue(snoozeTimes(now).tomorrow))
  const { snooze } = useConversationActions()
  const times = snoozeTimes(now)
  const isAsleep = conversations.some(({ snoozedUntil }) => snoozedUntil !== null)
  const ownAt = new Date(own)
  const isPossible = ownAt.getTime() > now.getTime() && ownAt.getTime() < now.getTime() + LONGEST_MS
  const entries = [
    ...(isAsleep ? [{ key: 'wake', text: t('pick.snooze.wake'), icon: <Icon of={SnoozeIcon} /> }] : []),
    // On a Sunday, Monday morning is tomorrow's.
    ...NAMES.filter(name => name !== 'monday' || times.monday.getTime() !== times.tomorrow.getTime()).map(name => ({
      key: name,
      text: t(`pick.snooze.${name}`),
      hint: <span className="figures">{shortDateTime(times[name])}</span>,
    })),
  ]
  return (
    <Picker
      title={t('inbox.snooze.title')}
      entries={entries}
      onClose={closePicker}
      onChoose={key => snooze(conversations, key === 'wake' ? null : times[key as SnoozeName])}
    >
      <form
        className="flex items-end gap-2 border-t border-line pt-3"
        onSubmit={event => {
          event.preventDefault()
          if (!isPossible) return
          closePicker()
          snooze(conversations, ownAt)
        }}
      >
        <div className="min-w-0 flex-1">
          <Field label={t('pick.snooze.own')}>
            {ids => (
              <Input
                {...ids}
                type="datetime-local"
                value={own}
                min={fieldValue(now)}
                onChange={event => setOwn(event.target.value)}
              />
            )}
          </Field>
        </div>
        <Button type="submit" disabled={!isPossible}>
          {t('inbox.snooze.title')}
        </Button>
      </form>
      <p className="text-meta text-ink-3">{t('pick.snooze.text')}</p>
    </Picker>
  )
}
