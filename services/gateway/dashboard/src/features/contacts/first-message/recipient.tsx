import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { NumberView } from '../../../lib/data/numbers.ts'
import { type Contact, contactQuery } from '../data.ts'
import { addressOf, recipientQuery } from './data.ts'
import { Send } from './send.tsx'

interface RecipientProps {
  contact: Contact
  number: NumberView
  from: ReactNode
  onDirty(isDirty: boolean): void
  onClose(): void
}

/** A contact that is known. */
export function Recipient({ contact: listed, number, from, onDirty, onClose }: RecipientProps) {
  // An opt-out or a block may be newer than the list.
  const { data: contact = listed } = useQuery(contactQuery(listed.id))
  const to = addressOf(contact)
  const { data: recipient } = useQuery({ ...recipientQuery({ to: to ?? '', clientId: number.id }), enabled: to !== null })
  return (
    <Send number={number} to={to} name={null} contact={contact} recipient={recipient} onDirty={onDirty} onClose={onClose}>
      <div className="max-w-88">{from}</div>
    </Send>
  )
}
