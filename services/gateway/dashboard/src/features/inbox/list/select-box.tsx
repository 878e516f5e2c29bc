import clsx from 'clsx'
import { memo } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { nameOf } from '../../../lib/data/contact-name.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useShownIds } from './next-conversation.ts'
import { toggle, useSelection } from './selection.ts'

/** Selects a row: over its picture, when the pointer or the focus is on it, and on all rows once something is selected. */
export const SelectBox = memo(function SelectBox({ conversation, isStop }: { conversation: ConversationView; isStop: boolean }) {
  const t = useText()
  const { id } = conversation
  const isChosen = useSelection(({ ids }) => ids.has(id))
  const isOn = useSelection(state => state.isOn)
  return (
    <label
      className={clsx(
        'absolute inset-y-0 start-0 grid w-16 cursor-pointer place-items-center',
        !isOn &&
          'pointer-events-none opacity-0 group-hover/row:pointer-events-auto focus-within:opacity-100 group-hover/row:opacity-100',
      )}
    >
      <span className="grid size-12 place-items-center rounded-full bg-raised">
        <input
          type="checkbox"
          checked={isChosen}
          aria-label={t('inbox.select.one', { name: nameOf(conversation).text ?? t('inbox.nameless') })}
          tabIndex={isStop ? 0 : -1}
          className="size-5"
          // The event behind a change of a box is a click.
          onChange={event => toggle(id, (event.nativeEvent as MouseEvent).shiftKey === true, useShownIds.getState().ids)}
        />
      </span>
    </label>
  )
})
