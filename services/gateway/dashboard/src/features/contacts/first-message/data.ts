import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { MessageView } from '#shared/contracts/views.ts'
import { get, request } from '../../../lib/api/client.ts'
import { keys } from '../../../lib/data/keys.ts'
import type { NumberView } from '../../../lib/data/numbers.ts'
import { withFile } from '../../../lib/outbox/body.ts'
import type { Category, Price } from '../../../lib/templates/sendable.ts'
import type { Filled } from '../../../ui/templates/template-values.tsx'
import { CONTACTS, type Contact } from '../data.ts'

/** What is known of a recipient before anything is sent. */
export interface Recipient {
  templates: Partial<Record<Category, Price>>
  /** Price of a text; null: no window is open, so only a template can go out. */
  text: Price | null
  /** The contact that has the number already. */
  contactId: string | null
}

/** @param to a phone number in any usual form, or a business-scoped user id */
export const recipientQuery = ({ to, clientId }: { to: string; clientId: string }) =>
  queryOptions({
    queryKey: ['template-prices', to, clientId],
    queryFn: ({ signal }) => get<Recipient>('/templates/prices', { to, clientId }, signal),
    staleTime: 0,
  })

interface FirstMessage {
  to: string
  clientId: string
  /** Of somebody new; null keeps the name that is known. */
  name: string | null
  filled: Filled
  /** Idempotency-Key. */
  key: string
}

/** Sends a template to a person; a conversation begins with it if there is none. */
export function useFirstMessage() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: sendFirst,
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: CONTACTS })
      void queries.invalidateQueries({ queryKey: keys.conversations })
    },
  })
}

async function sendFirst({ to, clientId, name, filled: { template, file }, key }: FirstMessage): Promise<MessageView> {
  const body = { to, clientId, ...template, ...(name && { candidateName: name }) }
  return await request('POST', '/messages/send-template', { body: await withHeader(body, file, key), idempotencyKey: key })
}

/** The body with the file of the template's header, which is uploaded first. */
async function withHeader(body: Record<string, unknown>, file: Filled['file'], key: string): Promise<Record<string, unknown>> {
  if (file === null) return body
  const { uploadFile } = await import('../../../lib/outbox/upload.ts')
  const { name, type, size, content } = file
  const uploaded = await uploadFile(content, { name, type, key: `${key}-file` })
  return withFile(body, { name, type, size, into: 'headerMedia' }, uploaded)
}

/** Where a contact is reached; null for one that has neither a number nor an id. */
export const addressOf = ({ waId, phone, userId }: Contact): string | null => waId ?? phone ?? userId

/** Numbers that can send, now or once they are resumed. */
export const senders = (numbers: readonly NumberView[]): NumberView[] =>
  numbers.filter(({ status }) => status === 'active' || status === 'paused')
