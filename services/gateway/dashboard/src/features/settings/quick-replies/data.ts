import { useMutation, useQueryClient } from '@tanstack/react-query'
import { request } from '../../../lib/api/client.ts'
import type { QuickReply } from '../../../lib/data/inbox-aids.ts'
import { keys } from '../../../lib/data/keys.ts'
import { uploadFile } from '../../../lib/outbox/upload.ts'

export type ReplyFields = Pick<QuickReply, 'shortcut' | 'title' | 'text' | 'mediaId'>

/** A file of this computer that is to go with a quick reply. */
export interface NewFile {
  content: File
  /** Idempotency-Key: what is uploaded again after a refusal of the rest is kept once. */
  key: string
}

/** A change of the quick replies; they are read again after it. */
export function useReplyChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSettled: () => queries.invalidateQueries({ queryKey: keys.quickReplies }) })
}

export interface NewReply extends ReplyFields {
  scope: QuickReply['scope']
  file: NewFile | null
  key: string
}

export async function createReply({ file, key: idempotencyKey, ...body }: NewReply): Promise<QuickReply> {
  return await request('POST', '/quick-replies', { body: { ...body, ...(await uploaded(file)) }, idempotencyKey })
}

export interface ReplyEdit {
  id: string
  change: Partial<ReplyFields>
  expected: Partial<ReplyFields>
  file: NewFile | null
}

export async function changeReply({ id, change, expected, file }: ReplyEdit): Promise<QuickReply> {
  return await request('PATCH', `/quick-replies/${id}`, { body: { ...change, ...(await uploaded(file)), expected } })
}

export const removeReply = (id: string): Promise<undefined> => request('DELETE', `/quick-replies/${id}`)

async function uploaded(file: NewFile | null): Promise<Pick<ReplyFields, 'mediaId'> | null> {
  if (file === null) return null
  const { content, key } = file
  const { id } = await uploadFile(content, { name: content.name, type: content.type, key })
  return { mediaId: id }
}
