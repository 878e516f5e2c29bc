import { create } from 'zustand'
import type { ConversationView } from '#shared/contracts/views.ts'

/** What is being chosen, over the inbox, and for which conversations. */
export type Picking =
  | { kind: 'assign' | 'labels' | 'snooze' | 'more'; conversations: readonly ConversationView[] }
  | { kind: 'views' }

export const usePicking = create<{ picking: Picking | null }>(() => ({ picking: null }))

export const openPicker = (picking: Picking): void => usePicking.setState({ picking })
export const closePicker = (): void => usePicking.setState({ picking: null })
