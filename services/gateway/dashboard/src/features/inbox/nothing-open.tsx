import { useText } from '../../lib/i18n/text.tsx'
import { InboxIcon } from '../../ui/icons.tsx'
import { Empty } from '../../ui/states.tsx'

/** What next? */
export function NothingOpen() {
  const t = useText()
  return (
    <div className="grid h-full place-content-center">
      <Empty icon={InboxIcon} title={t('inbox.nothing.title')} text={t('inbox.nothing.text')} />
    </div>
  )
}
