import type { ReactNode } from 'react'
import type { MessageView } from '#shared/contracts/views.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Formatted } from '../../../ui/formatted.tsx'
import { CallIcon, Icon, PlaceIcon, TemplatesIcon, UserIcon } from '../../../ui/icons.tsx'
import { readCall, readCards, readChoice, readHandover, readOrder, readPlace, readReferral, readReply } from './read-data.ts'

type Content = MessageView['content']

const webLink = 'text-brand underline underline-offset-2'

export function PlaceCard({ data }: { data: unknown }) {
  const t = useText()
  const { name, address, coordinates } = readPlace(data)
  return (
    <span className="flex gap-2.5">
      <Icon of={PlaceIcon} size={24} className="text-ink-3" />
      <span className="grid min-w-0">
        {name && <bdi className="weight-name">{name}</bdi>}
        {address && <bdi className="text-ui text-ink-2">{address}</bdi>}
        {coordinates && (
          <a
            href={`https://www.openstreetmap.org/search?query=${encodeURIComponent(coordinates)}`}
            target="_blank"
            rel="noopener noreferrer"
            className={`${webLink} text-ui`}
          >
            {t('message.place.map')} <bdi dir="ltr">{coordinates}</bdi>
          </a>
        )}
      </span>
    </span>
  )
}

export function ContactCards({ data }: { data: unknown }) {
  return (
    <span className="grid gap-2">
      {readCards(data).map(({ name, company, phones, emails }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: cards have no other identity, and do not change
        <span key={i} className="flex gap-2.5">
          <Icon of={UserIcon} size={24} className="text-ink-3" />
          <span className="grid min-w-0">
            <bdi className="weight-name">{name || phones[0]}</bdi>
            {company && <bdi className="text-ui text-ink-2">{company}</bdi>}
            {[...phones, ...emails].map(text => (
              <bdi key={text} dir="ltr" className="text-ui text-ink-2 select-all">
                {text}
              </bdi>
            ))}
          </span>
        </span>
      ))}
    </span>
  )
}

export function OrderCard({ data }: { data: unknown }) {
  const { money, number } = useFormat()
  const { note, items, total } = readOrder(data)
  return (
    <span className="grid gap-1">
      {note && <span>{note}</span>}
      {items.map(({ id, quantity, price, currency }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an article may stand in an order twice
        <span key={i} className="flex justify-between gap-4 text-ui">
          <span>
            <span className="figures">{number(quantity)} ×</span>{' '}
            <bdi dir="ltr" className="font-mono">
              {id}
            </bdi>
          </span>
          {price !== null && currency && <span className="figures">{money(price * quantity, currency)}</span>}
        </span>
      ))}
      {total && (
        <span className="weight-name flex justify-between gap-4 border-t border-line pt-1 text-ui">
          <Text id="message.order.total" />
          <span className="figures">{money(total.amount, total.currency)}</span>
        </span>
      )}
    </span>
  )
}

/** That another app of the business answers from here on, or that it gave the conversation back. */
export function HandoverLine({ data }: { data: unknown }) {
  const { owner, role, note } = readHandover(data)
  return (
    <>
      <Text id={`message.handover.${owner}`} /> {role && <bdi dir="ltr">({role})</bdi>}
      {note && <bdi className="block">{note}</bdi>}
    </>
  )
}

/** A call: answered for how long, missed, or rejected. */
export function CallCard({ data }: { data: unknown }) {
  const { duration } = useFormat()
  const { state, durationMs } = readCall(data)
  const isKnown = state === 'missed' || state === 'rejected'
  return (
    <span className="flex items-center gap-2.5">
      <Icon of={CallIcon} className={isKnown ? 'text-fail' : 'text-ink-3'} />
      {state === 'completed' && durationMs !== null ? (
        <Text id="message.call.completed" values={{ duration: duration(durationMs) }} />
      ) : (
        <Text id={isKnown ? `message.call.${state}` : 'message.call'} />
      )}
    </span>
  )
}

/** Buttons or rows, as the customer sees them; they do nothing here. */
function Options({ options }: { options: readonly { title: string; description?: string | null }[] }) {
  if (options.length === 0) return null
  return (
    <ul className="-mx-3 mt-1 -mb-1.5 border-t border-line text-ui">
      {options.map(({ title, description }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: titles may be equal
        <li key={i} className="border-line px-3 py-1 text-center not-first:border-t">
          <bdi>{title}</bdi>
          {description && <bdi className="block text-meta text-ink-3">{description}</bdi>}
        </li>
      ))}
    </ul>
  )
}

/** A message with buttons, a list or a link that we sent. */
export function ChoiceCard({ content }: { content: Content }) {
  const { header, body, footer, opens, options } = readChoice(content.data)
  const text = body ?? content.text
  return (
    <>
      {header && <b className="weight-name block">{header}</b>}
      {text && <Formatted text={text} />}
      {footer && <span className="block text-ui text-ink-3">{footer}</span>}
      <Options options={opens ? [{ title: opens }, ...options] : options} />
    </>
  )
}

/** The customer's choice from a list, tap on a button, or filled form. */
export function ReplyCard({ content }: { content: Content }) {
  const { description, fields } = readReply(content.data)
  return (
    <>
      <Line id="message.reply" />
      {content.text && <span className="block">{content.text}</span>}
      {description && <bdi className="block text-ui text-ink-2">{description}</bdi>}
      {fields.length > 0 && (
        <dl className="mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-ui">
          {fields.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-ink-3">
                <bdi>{name}</bdi>
              </dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  )
}

/** A template as it was sent, under the strip with its name. */
export function TemplateCard({ content, children }: { content: Content; children: ReactNode }) {
  const { template } = content
  return (
    <>
      {template && (
        <span className="mb-1 flex items-center gap-1.5 text-meta text-ink-3">
          <Icon of={TemplatesIcon} size={14} />
          <bdi dir="ltr" className="font-mono">
            {template.name}
          </bdi>
          <bdi dir="ltr">{template.language}</bdi>
        </span>
      )}
      {children}
    </>
  )
}

/** Where a conversation began: the ad or post that the customer tapped on. */
export function ReferralCard({ referral }: { referral: unknown }) {
  const found = readReferral(referral)
  if (found === null || (found.headline ?? found.body ?? found.url) === null) return null
  const { headline, body, url } = found
  return (
    <span className="mb-1 grid border-s-2 border-brand-line ps-2 text-ui">
      <Line id="message.referral" />
      {headline && <bdi className="weight-name">{headline}</bdi>}
      {body && <bdi className="text-ink-2">{body}</bdi>}
      {url && (
        <a href={url} target="_blank" rel="noopener noreferrer nofollow" className={`${webLink} truncate`}>
          <bdi dir="ltr">{url}</bdi>
        </a>
      )}
    </span>
  )
}

function Line({ id }: { id: 'message.reply' | 'message.referral' }) {
  return (
    <span className="block text-meta text-ink-3">
      <Text id={id} />
    </span>
  )
}
