import { type ComponentType, lazy } from 'react'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { loadChunk } from '../../../lib/load-chunk.ts'

type Chunk = typeof import('./later-chunk.ts')

/** Loads what stands behind the buttons of the composer, with its texts. */
export async function loadParts(): Promise<Chunk> {
  const [chunk] = await Promise.all([
    loadChunk(() => import('./later-chunk.ts')),
    loadTexts('features/inbox/composer'),
    loadTexts('ui/templates'),
  ])
  return chunk
}

const part = <Props>(choose: (chunk: Chunk) => ComponentType<Props>) => lazy(async () => ({ default: choose(await loadParts()) }))

export const Attachments = part(chunk => chunk.Attachments)
export const EmojiPanel = part(chunk => chunk.EmojiPanel)
export const InteractiveDialog = part(chunk => chunk.InteractiveDialog)
export const LaterPanel = part(chunk => chunk.LaterPanel)
export const MentionList = part(chunk => chunk.MentionList)
export const QuickReplyList = part(chunk => chunk.QuickReplyList)
export const TemplatePicker = part(chunk => chunk.TemplatePicker)
export const FallbackDialog = part(chunk => chunk.FallbackDialog)
export const VoicePanel = part(chunk => chunk.VoicePanel)
