import { loadTexts } from '../../lib/i18n/i18n.ts'

/** The open conversation with its texts, in a chunk of its own: the list is there without it. */
export async function loadThread() {
  const [{ ThreadPane }] = await Promise.all([
    import('./thread/thread-pane.tsx'),
    loadTexts('features/inbox/message'),
    loadTexts('features/inbox/thread'),
  ])
  return { default: ThreadPane }
}
