import { useEffect } from 'react'
import { useText } from '../../../lib/i18n/text.tsx'

/** The title of the page tells how many wait, also while another tab is in front. */
export function useUnreadTitle(unread: number): void {
  const t = useText()
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${t('inbox.title')} · Linko` : `${t('inbox.title')} · Linko`
  })
}
