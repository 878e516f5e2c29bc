import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { conversationQuery } from '../../../lib/data/conversations.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { IconButton } from '../../../ui/button.tsx'
import { CloseIcon } from '../../../ui/icons.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { useBorrowedFocus } from '../../../ui/use-borrowed-focus.ts'
import type { InboxSearch } from '../search.ts'
import { Attributes } from './attributes.tsx'
import { Audit } from './audit.tsx'
import { contactQuery } from './data.ts'
import { Files } from './files.tsx'
import { Labels } from './labels.tsx'
import { LeadPart } from './lead.tsx'
import { Notes } from './notes.tsx'
import { Others } from './others.tsx'
import { SoFar } from './so-far.tsx'
import { TechnicalIds } from './technical-ids.tsx'
import { Who } from './who.tsx'

/** The contact of a conversation: a column from 1280 px on, a drawer below, whose address is its own. */
export default function SidePane({ conversationId, asDrawer }: { conversationId: string; asDrawer: boolean }) {
  const t = useText()
  const navigate = useNavigate({ from: '/inbox/{-$conversationId}' })
  const { data: conversation, error } = useQuery(conversationQuery(conversationId))
  const pane = useRef<HTMLElement>(null)
  const close = () => void navigate({ search: ({ contact: _contact, ...search }) => search as InboxSearch, replace: true })
  useBorrowedFocus(pane, asDrawer)
  return (
    <aside
      ref={pane}
      tabIndex={-1}
      data-pane="contact"
      aria-label={t('side.contact')}
      onKeyDown={event => {
        if (!asDrawer || event.key !== 'Escape' || event.defaultPrevented) return
        event.stopPropagation()
        close()
      }}
      className={
        asDrawer
          ? 'fixed inset-y-0 end-0 z-drawer w-full max-w-104 overflow-auto border-s border-line bg-sheet pb-6 shadow-3 outline-none'
          : 'min-h-0 overflow-auto border-s border-line pb-6 outline-none'
      }
    >
      {asDrawer && (
        <div className="flex justify-end px-2 pt-2">
          <IconButton icon={CloseIcon} label={t('ui.close')} onClick={close} />
        </div>
      )}
      {conversation ? <Parts conversation={conversation} /> : !error && <Waiting />}
    </aside>
  )
}

const Waiting = () => (
  <div className="grid gap-3 px-4 py-4">
    <Bone width="70%" height="1.25rem" />
    <Bone width="50%" />
    <Bone width="60%" />
  </div>
)

function Parts({ conversation }: { conversation: ConversationView }) {
  const t = useText()
  const [mayAudit, mayLead] = [useMay('auditLog.read'), useMay('leads.read')]
  const { id: contactId } = conversation.contact
  const { data: contact, error, refetch } = useQuery(contactQuery(contactId))
  const attributes = Object.entries(contact?.attributes ?? {})
  return (
    <>
      <Who conversation={conversation} contact={contact} />
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('side.failed')}
        </ErrorRow>
      )}
      <Labels conversation={conversation} contactLabels={contact?.labels ?? []} />
      {attributes.length > 0 && <Attributes attributes={attributes} />}
      {conversation.leadId && mayLead && <LeadPart leadId={conversation.leadId} applicationId={conversation.applicationId} />}
      <Notes conversation={conversation} />
      <Files contactId={contactId} lastAt={conversation.lastMessage?.at} />
      <SoFar conversation={conversation} />
      <Others conversation={conversation} />
      {mayAudit && <Audit contactId={contactId} />}
      <TechnicalIds conversation={conversation} />
      <p className="px-4 pt-2">
        <Link to="/contacts" search={{ contact: contactId }} className="text-brand underline-offset-2 hover:underline">
          {t('side.toContact')}
        </Link>
      </p>
    </>
  )
}
