import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Problem } from '../../lib/api/client.ts'
import { isUsedUp, type MessagingLimit } from '../../lib/data/messaging-limits.ts'
import type { WebhookElsewhere } from '../../lib/data/numbers.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { sayReason } from '../../lib/server/say.ts'
import { useMay } from '../../lib/session/rights.ts'
import { Button, buttonClass } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Tag } from '../../ui/tag.tsx'
import { showToast } from '../../ui/toasts.tsx'
import {
  type Connection,
  checkNumber,
  disconnectNumber,
  moveNumber,
  type NumberDetails,
  nameOfDetails,
  useNumberChange,
} from './data.ts'
import { StepList } from './step-list.tsx'

const KINDS = { active: 'ok', paused: 'time', suspended: 'fail', disconnected: 'fail' } as const

interface NumberCardProps {
  number: NumberDetails
  /** Its messaging limit with what is used of it; undefined where there is none, or it is not known. */
  limit?: MessagingLimit | undefined
}

/** A number: whether it sends, how fast and to how many, and what can be done with it. */
export function NumberCard({ number, limit }: NumberCardProps) {
  const t = useText()
  const name = nameOfDetails(number)
  return (
    <li className="grid content-start gap-3 rounded-3 border border-line bg-raised p-4" data-number={number.phoneNumberId}>
      <header className="flex flex-wrap items-center gap-2">
        <h2 className="min-w-0 truncate">
          <bdi>{name}</bdi>
        </h2>
        <StateTag status={number.status} />
        {number.isPrimary && <Tag kind="brand">{t('numbers.primary')}</Tag>}
      </header>
      <p className="figures text-ink-2">
        <bdi dir="ltr">{number.whatsappNumber}</bdi>
      </p>
      <Reason number={number} />
      {number.status === 'active' && number.webhookElsewhere && <Elsewhere webhook={number.webhookElsewhere} />}
      {limit && isUsedUp(limit) && (
        <p className="rounded-2 bg-time-soft px-3 py-2" data-limit>
          <Text id="numbers.limit.full" values={{ n: limit.limit }} />
        </p>
      )}
      <NumberFacts number={number} limit={limit} />
      <Actions number={number} name={name} />
    </li>
  )
}

/** Why a number does not send, and what to do; nothing for one that does. */
export function Reason({ number }: { number: NumberDetails }) {
  const reason = sayReason(number)
  return (
    reason && (
      <p className="rounded-2 bg-time-soft px-3 py-2">
        <bdi>{reason}</bdi>
      </p>
    )
  )
}

/** Whether a number sends, in a word. */
export function StateTag({ status }: Pick<NumberDetails, 'status'>) {
  const t = useText()
  return <Tag kind={KINDS[status]}>{t(`numbers.status.${status}`)}</Tag>
}

/** Where Meta sends what customers write, where it should, and what to do. */
function Elsewhere({ webhook: { url, of, expected } }: { webhook: WebhookElsewhere }) {
  const t = useText()
  return (
    <div className="grid gap-1 rounded-2 bg-fail-soft px-3 py-2" data-elsewhere={of}>
      <p className="weight-name">{t('numbers.elsewhere')}</p>
      <Facts
        facts={[
          [t('numbers.elsewhere.url'), <Address key="url" url={url} />],
          [t('numbers.elsewhere.expected'), <Address key="expected" url={expected} />],
        ]}
      />
      <p>{t(of === 'app' ? 'numbers.elsewhere.app' : 'numbers.elsewhere.own')}</p>
    </div>
  )
}

const Address = ({ url }: { url: string }) => (
  <span dir="ltr" className="font-mono wrap-anywhere">
    {url}
  </span>
)

function NumberFacts({ number, limit }: NumberCardProps) {
  const t = useText()
  const { number: figure, full } = useFormat()
  const { messagingLimit, throughput, qualityRating, tokenExpiry } = number
  const facts = [
    [t('numbers.limit'), messagingLimit === null ? t('numbers.unlimited') : shareOf(limit?.used ?? null, messagingLimit, figure)],
    [t('numbers.throughput'), figure(throughput)],
    [t('numbers.quality'), t(`numbers.quality.${qualityRating}`)],
    [
      t('numbers.token'),
      isTokenRefused(number) ? t('numbers.token.invalid') : tokenExpiry ? full(tokenExpiry) : t('numbers.token.stays'),
    ],
  ] as const
  return <Facts facts={facts} />
}

/** Whether Meta has refused the token: when it was checked last, or since then in the answer to a call. */
const isTokenRefused = ({ tokenValid, pauseReason, pauseCode }: NumberDetails) =>
  tokenValid === false || (pauseReason === 'token' && pauseCode !== null)

/** “480 / 1,000” */
const shareOf = (used: number | null, limit: number, figure: (value: number) => string) =>
  used === null ? figure(limit) : `${figure(used)} / ${figure(limit)}`

function Actions({ number, name }: { number: NumberDetails; name: string }) {
  const t = useText()
  const [mayPause, mayWrite] = [useMay('clients.pause'), useMay('clients.write')]
  const mayConnect = useMay('clients.connect')
  const [isLeaving, setLeaving] = useState(false)
  const [checked, setChecked] = useState<Connection | null>(null)
  const check = useNumberChange(checkNumber)
  const move = useNumberChange(moveNumber)
  const { id, status } = number
  const next = status === 'active' ? 'pause' : 'resume'
  return (
    <footer className="flex flex-wrap gap-2">
      {mayWrite && status !== 'disconnected' && (
        <Link to="/numbers/$numberId" params={{ numberId: id }} className={`${buttonClass({ small: true })} no-underline`}>
          {t('numbers.profile')}
        </Link>
      )}
      {mayConnect && status !== 'disconnected' && (
        <Button small busy={check.isPending} onClick={() => check.mutate(id, { onSuccess: setChecked, onError: tellFailure })}>
          {t('numbers.check')}
        </Button>
      )}
      {mayPause && (status === 'active' || status === 'paused') && (
        <Button
          small
          kind="quiet"
          busy={move.isPending && move.variables.to === next}
          onClick={() => move.mutate({ id, to: next }, { onError: tellFailure })}
        >
          {t(`numbers.${next}`)}
        </Button>
      )}
      {mayConnect && status !== 'disconnected' && (
        <Button small kind="quiet" onClick={() => setLeaving(true)}>
          {t('numbers.disconnect')}
        </Button>
      )}
      {checked && (
        <Dialog title={<Text id="numbers.check.title" values={{ name }} />} wide onClose={() => setChecked(null)}>
          <StepList connection={checked} />
        </Dialog>
      )}
      {isLeaving && <DisconnectDialog id={id} name={name} onClose={() => setLeaving(false)} />}
    </footer>
  )
}

function DisconnectDialog({ id, name, onClose }: { id: string; name: string; onClose(): void }) {
  const t = useText()
  const leave = useNumberChange(disconnectNumber)
  return (
    <Dialog
      title={<Text id="numbers.disconnect.title" values={{ name }} />}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button
            kind="danger"
            busy={leave.isPending}
            onClick={() =>
              leave.mutate(id, {
                onError: tellFailure,
                onSuccess: ({ stops: { messages, campaigns } }) => {
                  showToast({ text: <Text id="numbers.disconnected" values={{ messages, campaigns }} /> })
                  onClose()
                },
              })
            }
          >
            {t('numbers.disconnect')}
          </Button>
        </>
      }
    >
      <p>{t('numbers.disconnect.text')}</p>
    </Dialog>
  )
}

function tellFailure(error: unknown): void {
  showToast({
    kind: 'fail',
    text: (
      <>
        <Text id="numbers.failed" /> <bdi>{error instanceof Problem ? error.detail : null}</bdi>
      </>
    ),
  })
}
