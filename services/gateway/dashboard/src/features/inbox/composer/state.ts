import { create } from 'zustand'
import type { TemplateToSend } from '#shared/contracts/outbound.ts'
import type { ChosenFile } from '../../../lib/outbox/chosen-file.ts'

export type Mode = 'reply' | 'note' | 'template'
/** What can be open above the text field. */
export type Extra = 'emoji' | 'later' | 'fallback' | 'interactive' | 'voice'

export interface ComposerState {
  mode: Mode
  /** The message that is answered: its id and how it is shown. */
  quote: { messageId: string; text: string; isOwn: boolean } | null
  /** Template that goes out instead when the window has closed by then. */
  fallback: { template: TemplateToSend; name: string } | null
  files: ChosenFile[]
}

const EMPTY: ComposerState = { mode: 'reply', quote: null, fallback: null, files: [] }

/** What was begun beside the text, by conversation: it is still there when one comes back. The text itself is a draft. */
const useComposers = create<{ byId: Record<string, ComposerState> }>(() => ({ byId: {} }))

export const composerOf = (conversationId: string): ComposerState => useComposers.getState().byId[conversationId] ?? EMPTY

export const useComposer = (conversationId: string): ComposerState => useComposers(({ byId }) => byId[conversationId] ?? EMPTY)

export function changeComposer(conversationId: string, change: Partial<ComposerState>): void {
  useComposers.setState(({ byId }) => ({
    byId: { ...byId, [conversationId]: { ...(byId[conversationId] ?? EMPTY), ...change } },
  }))
}

/** Name under which the draft of a note is kept, beside that of a reply. */
export const noteDraft = (conversationId: string): string => `${conversationId}.note`
