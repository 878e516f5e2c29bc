import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useRef, useState } from 'react'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import type { NumberView } from '../../../lib/data/numbers.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import type { Price, SendableTemplate } from '../../../lib/templates/sendable.ts'
import { useSendable } from '../../../lib/templates/use-sendable.ts'
import { Button } from '../../../ui/button.tsx'
import { CostIcon, Icon, InfoIcon, LockIcon, SendIcon } from '../../../ui/icons.tsx'
import { ErrorRow } from '../../../ui/states.tsx'
import { Amount } from '../../../ui/templates/amount.tsx'
import { TemplateChooser } from '../../../ui/templates/template-chooser.tsx'
import { FilledPhone, useTemplateValues, ValueFields } from '../../../ui/templates/template-values.tsx'
import { titleOf } from '../contact-title.tsx'
import { type Contact, contactConversationsQuery } from '../data.ts'
import { type Recipient, useFirstMessage } from './data.ts'
import { NotSent } from './not-sent.tsx'

interface SendProps {
  number: NumberView
  /** Null while it is not known where to. */
  to: string | null
  /** Name of somebody new. */
  name: string | null
  /** Null: nobody has the number yet. */
  contact: Contact | null
  recipient: Recipient | undefined
  onDirty(isDirty: boolean): void
  /** Somebody tries to send: what is missing is to be said. */
  onAsked?(): void
  onClose(): void
  /** Fields of the recipient and the sending number. */
  children: ReactNode
}

/** Which template goes out, with its values, and what keeps it from going out. */
export function Send({ children, ...props }: SendProps) {
  const t = useText()
  const { number, contact, recipient, onDirty } = props
  const { templates, error, refetch } = useSendable(number.id)
  const [chosenId, setChosenId] = useState<string | null>(null)
  const chosen = templates?.find(({ id }) => id === chosenId)
  return (
    <div className="grid gap-3">
      {children}
      {contact && <Known contact={contact} number={number} isOpen={recipient ? recipient.text !== null : false} />}
      {contact?.block ? (
        <Blocked contact={contact} onClose={props.onClose} />
      ) : (
        <>
          {error && (
            <ErrorRow error={error} onRetry={() => void refetch()}>
              {t('templates.pick.failed')}
            </ErrorRow>
          )}
          <section aria-label={t('contacts.first.choice')} className="@container rounded-2 border border-line">
            <TemplateChooser
              templates={templates}
              prices={recipient?.templates}
              chosen={chosen}
              onChoose={id => {
                setChosenId(id)
                if (id !== null) onDirty(true)
              }}
              className="min-h-72 @min-[38rem]:h-96"
            >
              {chosen && (
                <ChosenTemplate key={chosen.id} template={chosen} price={recipient?.templates[chosen.category]} {...props} />
              )}
            </TemplateChooser>
          </section>
          {!chosen && (
            <footer className="flex justify-end">
              <Button onClick={props.onClose}>{t('ui.cancel')}</Button>
            </footer>
          )}
        </>
      )}
    </div>
  )
}

type ChosenTemplateProps = Omit<SendProps, 'children'> & { template: SendableTemplate; price: Price | undefined }

function ChosenTemplate({ template, price, number, to, name, contact, onAsked, onClose }: ChosenTemplateProps) {
  const t = useText()
  const navigate = useNavigate()
  const form = useRef<HTMLFormElement>(null)
  const given = useTemplateValues(form, template, contact?.name ?? name)
  const repeat = useRepeatKey()
  const send = useFirstMessage()
  const isRefused = contact?.optOut === true && template.category === 'MARKETING'
  const submit = () => {
    onAsked?.()
    const filled = given.filled()
    if (filled === null || send.isPending) return
    if (to === null) {
      form.current?.closest('dialog')?.querySelector<HTMLElement>('input[type=tel]')?.focus()
      return
    }
    send.mutate(
      { to, clientId: number.id, name, filled, key: repeat.current() },
      {
        onError: repeat.onError,
        onSuccess: ({ conversationId }) => void navigate({ to: '/inbox/{-$conversationId}', params: { conversationId } }),
      },
    )
  }
  return (
    <form
      ref={form}
      noValidate
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={event => {
        event.preventDefault()
        submit()
      }}
    >
      <div className="grid min-h-0 flex-1 content-start gap-3 overflow-auto p-4 max-two:p-3">
        {!isRefused && <ValueFields template={template} given={given} />}
        <FilledPhone template={template} values={given.values} />
      </div>
      <footer className="grid gap-2 border-t border-line px-4 py-2 max-two:px-3">
        {isRefused && contact && (
          <p role="alert" className="flex gap-2">
            <Icon of={LockIcon} className="mt-0.5 text-fail" />
            <Text id="contacts.first.optedOut" values={{ name: titleOf(contact, t) }} />
          </p>
        )}
        <NotSent error={send.error} />
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <p className="flex items-center gap-2 whitespace-nowrap">
            <Icon of={CostIcon} className="text-ink-3" />
            <b className="figures weight-name text-head">
              <Amount price={price} />
            </b>
            <span className="text-meta text-ink-3">{t(`templates.category.${template.category}`)}</span>
          </p>
          <span className="ms-auto flex gap-2">
            <Button onClick={onClose}>{t('ui.cancel')}</Button>
            {!isRefused && (
              <Button type="submit" kind="primary" icon={SendIcon} turns busy={send.isPending}>
                {t('templates.pick.send')}
              </Button>
            )}
          </span>
        </div>
      </footer>
    </form>
  )
}

/** The conversation that there is already between a contact and the chosen number. */
function Known({ contact, number, isOpen }: { contact: Contact; number: NumberView; isOpen: boolean }) {
  const t = useText()
  const mayRead = useMay('conversations.read')
  const { data } = useQuery({ ...contactConversationsQuery(contact.id), enabled: mayRead })
  const conversation = data?.find(({ clientId }) => clientId === number.id)
  if (conversation === undefined) return null
  return (
    <p className="flex gap-2 rounded-2 bg-sunk px-3 py-2">
      <Icon of={InfoIcon} className="mt-0.5 text-ink-3" />
      <span>
        {t(isOpen ? 'contacts.first.open' : 'contacts.first.exists')}{' '}
        <Link to="/inbox/{-$conversationId}" params={{ conversationId: conversation.id }} className="text-brand underline">
          {t('contacts.first.toConversation')}
        </Link>
      </span>
    </p>
  )
}

function Blocked({ contact, onClose }: { contact: Contact; onClose(): void }) {
  const t = useText()
  return (
    <>
      <p role="alert" className="flex gap-2 rounded-2 bg-fail-soft px-3 py-2">
        <Icon of={LockIcon} className="mt-0.5 text-fail" />
        <span>
          <Text id="contacts.first.blocked" values={{ name: titleOf(contact, t) }} />
        </span>
      </p>
      <footer className="flex justify-end">
        <Button onClick={onClose}>{t('ui.close')}</Button>
      </footer>
    </>
  )
}
