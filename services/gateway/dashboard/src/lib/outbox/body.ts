import type { OutboxFile, UploadedFile } from './outbox-storage.ts'

/** Kinds of messages that have a text under their file. */
const CAPTIONED = ['image', 'video', 'document']

/** Body of a message with its uploaded file, in Meta's form. */
export function withFile(body: Record<string, unknown>, file: OutboxFile, { id, kind }: UploadedFile): Record<string, unknown> {
  const named = { id, ...(kind === 'document' && { filename: file.name }) }
  if (file.into === 'headerMedia') return { ...body, headerMedia: named }
  const caption = file.caption && CAPTIONED.includes(kind) ? { caption: file.caption } : {}
  const voice = file.isVoice && kind === 'audio' ? { voice: true } : {}
  return { ...body, type: kind, [kind]: { ...named, ...caption, ...voice } }
}
