import { useEffect } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { useShortcuts } from '../../../lib/shortcuts/shortcuts.ts'
import { Button, IconButton } from '../../../ui/button.tsx'
import { CheckIcon, ChecksIcon, CloseIcon, LabelIcon, PeopleIcon, SnoozeIcon } from '../../../ui/icons.tsx'
import { openPicker } from '../pickers/picking.ts'
import { useConversationActions } from '../use-conversation-actions.tsx'
import { useShownIds } from './next-conversation.ts'
import { endSelection, selectAll, selectedRows, useSelection } from './selection.ts'

/** In place of tabs and filters while conversations are selected: how many, and what can be done with them together. */
export default function SelectionBar({ rows }: { rows: readonly ConversationView[] }) {
  const t = useText()
  const mayAssign = useMay('conversations.assign')
  const actions = useConversationActions()
  const selected = selectedRows(useSelection(), rows)
  useEffect(() => endSelection, [])
  useShortcuts({ back: endSelection })
  const open = selected.filter(({ status }) => status === 'open')
  const isNone = selected.length === 0
  const andEnd = (run: () => void) => () => {
    run()
    endSelection()
  }
  return (
    <div role="toolbar" aria-label={t('inbox.select.bar')} className="-mx-3 grid gap-1 border-b border-line bg-sunk px-3 py-1.5">
      <div className="flex items-center gap-2">
        <b className="weight-name me-auto whitespace-nowrap" role="status">
          <Text id="inbox.select.count" values={{ n: selected.length }} />
        </b>
        <Button kind="link" small onClick={() => selectAll(useShownIds.getState().ids)}>
          {t('inbox.select.all')}
        </Button>
        <IconButton icon={CloseIcon} label={t('inbox.select.end')} small onClick={endSelection} />
      </div>
      <div className="flex flex-wrap gap-1">
        {mayAssign && (
          <IconButton
            icon={PeopleIcon}
            label={t('inbox.assign.title')}
            kind="ordinary"
            disabled={isNone}
            onClick={() => openPicker({ kind: 'assign', conversations: selected })}
          />
        )}
        <IconButton
          icon={LabelIcon}
          label={t('inbox.labels.title')}
          kind="ordinary"
          disabled={isNone}
          onClick={() => openPicker({ kind: 'labels', conversations: selected })}
        />
        <IconButton
          icon={SnoozeIcon}
          label={t('inbox.snooze.title')}
          kind="ordinary"
          disabled={open.length === 0}
          onClick={() => openPicker({ kind: 'snooze', conversations: open })}
        />
        <IconButton
          icon={ChecksIcon}
          label={t('inbox.select.read')}
          kind="ordinary"
          disabled={selected.every(({ unreadCount }) => unreadCount === 0)}
          onClick={andEnd(() => actions.markRead(selected))}
        />
        <Button icon={CheckIcon} disabled={open.length === 0} onClick={andEnd(() => actions.close(...open))}>
          {t('inbox.action.close')}
        </Button>
      </div>
    </div>
  )
}
