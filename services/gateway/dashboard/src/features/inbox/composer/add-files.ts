import { loadParts } from './parts.ts'
import { changeComposer, composerOf } from './state.ts'

/** Takes files in, each with what WhatsApp says to it. */
export async function addFiles(conversationId: string, files: readonly File[]): Promise<void> {
  if (files.length === 0) return
  const { chosenFile } = await loadParts()
  const chosen = files.map(file => chosenFile(file))
  changeComposer(conversationId, { mode: 'reply', files: [...composerOf(conversationId).files, ...chosen] })
}
