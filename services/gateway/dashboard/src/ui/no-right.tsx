import { useText } from '../lib/i18n/text.tsx'
import { LockIcon } from './icons.tsx'
import { Empty } from './states.tsx'

/** A page that the role does not allow. */
export function NoRight() {
  const t = useText()
  return <Empty icon={LockIcon} title={t('app.noRight.title')} text={t('app.noRight.text')} />
}
