import type { ChosenFile } from '../../../lib/outbox/chosen-file.ts'
import type { sendMessage } from '../../../lib/outbox/outbox.ts'
import type { ComposerState } from './state.ts'

type Message = Parameters<typeof sendMessage>[0]

export interface Outgoing {
  message: Message
  content?: Blob
}

interface Written extends Pick<ComposerState, 'quote' | 'fallback' | 'files'> {
  conversationId: string
  text: string
  /** When it goes out; missing: now. */
  sendAt?: string | undefined
}

/** Kinds of files that have a text under them. */
const CAPTIONED = ['image', 'video', 'document']
/** Longest text under a file. */
export const MOST_CAPTION = 1024

/**
 * The messages that were written, in their order: each file is one. The text stands under the first file that takes one, otherwise it
 * is a message of its own before the files. Only the first message quotes, and has the template that goes out instead of it.
 */
export function outgoingOf({ conversationId, text, files, quote, fallback, sendAt }: Written): Outgoing[] {
  const words = text.trim()
  const captioned = words.length <= MOST_CAPTION ? files.find(({ kind }) => CAPTIONED.includes(kind ?? '')) : undefined
  const common = (isFirst: boolean) => ({
    conversationId,
    ...(isFirst && quote && { replyTo: quote.messageId }),
    ...(isFirst && fallback && { fallback: fallback.template }),
    ...(sendAt && { sendAt }),
  })
  const own = words === '' || captioned ? [] : [textMessage(conversationId, words, common(true))]
  return [
    ...own,
    ...files.map((file, i) => fileMessage(file, file === captioned ? words : '', common(i === 0 && own.length === 0))),
  ]
}

const textMessage = (conversationId: string, text: string, common: object): Outgoing => ({
  message: { conversationId, path: '/messages/send', body: { ...common, text }, preview: { type: 'text', text } },
})

function fileMessage(file: ChosenFile, caption: string, common: { conversationId: string }): Outgoing {
  const { name, type, size, kind, isVoice, uploaded, content } = file
  return {
    message: {
      conversationId: common.conversationId,
      path: '/messages',
      body: common,
      preview: { type: kind ?? 'document', text: caption || null },
      file: {
        ...{ name, type, size, into: 'message' },
        ...(caption && { caption }),
        ...(isVoice && { isVoice }),
        ...(uploaded && { uploaded }),
      },
    },
    content,
  }
}
