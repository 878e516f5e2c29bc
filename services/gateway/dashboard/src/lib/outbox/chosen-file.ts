import { checkFile, kindOfType } from '#shared/domain/media/upload-rules.ts'
import type { UploadedFile } from './outbox-storage.ts'

/** A file that was chosen and not sent yet. */
export interface ChosenFile {
  id: string
  content: Blob
  name: string
  type: string
  size: number
  /** What it becomes; null: WhatsApp does not take it. */
  kind: UploadedFile['kind'] | null
  problem: 'empty' | 'type' | 'size' | null
  isVoice?: true
  /** A file that the server has already. */
  uploaded?: UploadedFile
}

const PROBLEMS: Record<number, ChosenFile['problem']> = { 413: 'size', 415: 'type', 422: 'empty' }

/** A file with what it becomes at WhatsApp, or why it cannot be sent: by its size and type. The server looks at its bytes too. */
export function chosenFile(file: File): ChosenFile {
  const { name, type, size } = file
  const isText = type === '' || type.startsWith('text/')
  // What the bytes are is for the server to see; here they are what they say.
  const found = isText || kindOfType(type) === null ? null : type === 'audio/ogg' ? 'audio/ogg;codecs=opus' : type
  const verdict = checkFile({ size, claimed: type || null, found, filename: name, isAnimated: type === 'image/webp' })
  const own = { id: crypto.randomUUID(), content: file, name: name || 'file', type, size }
  if (verdict.kind === 'refused') return { ...own, kind: null, problem: PROBLEMS[verdict.status] ?? 'type' }
  return { ...own, kind: verdict.kind, problem: null }
}
