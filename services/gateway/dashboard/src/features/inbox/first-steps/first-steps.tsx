import { queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import type { ReactNode } from 'react'
import { get } from '../../../lib/api/client.ts'
import type { ListPage } from '../../../lib/api/types.ts'
import { keys } from '../../../lib/data/keys.ts'
import { useNumbers } from '../../../lib/data/numbers.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useRights } from '../../../lib/session/rights.ts'
import { buttonClass } from '../../../ui/button.tsx'
import { CheckIcon, Icon } from '../../../ui/icons.tsx'

/** Whether a template can be sent, or one is being reviewed; events of templates ask again. */
const furthestQuery = queryOptions({
  queryKey: [...keys.templates, 'furthest'],
  queryFn: async ({ signal }) => {
    for (const status of ['APPROVED', 'PENDING'] as const) {
      const { data } = await get<ListPage<unknown>>('/templates', { status, limit: 1 }, signal)
      if (data.length > 0) return status
    }
    return null
  },
})

interface Step {
  name: 'account' | 'number' | 'template' | 'message'
  isDone: boolean
  /** What to do, and where. */
  content: ReactNode
}

/** From a new account to its first message: what is done, and the one thing to do next. */
export default function FirstSteps() {
  const t = useText()
  const steps = useSteps()
  const next = steps.findIndex(({ isDone }) => !isDone)
  return (
    <section aria-labelledby="first-steps" className="grid content-start gap-3 overflow-auto px-4 py-5">
      <h2 id="first-steps">{t('inbox.first.title')}</h2>
      <ol className="grid gap-3">
        {steps.map(({ name, isDone, content }, i) => (
          <li key={name} aria-current={i === next ? 'step' : undefined} className="grid grid-cols-[1.5rem_minmax(0,1fr)] gap-x-2">
            <Station isDone={isDone} isNext={i === next} />
            <div className="grid gap-1">
              <p className={clsx(i === next ? 'weight-name' : 'text-ink-2')}>
                {t(`inbox.first.${name}`)} <span className="sr-only">{isDone && t('inbox.first.done')}</span>
              </p>
              {i === next && content}
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** Filled with a tick: done; a ring: this one; hollow: to come. */
const Station = ({ isDone, isNext }: { isDone: boolean; isNext: boolean }) => (
  <span
    aria-hidden="true"
    className={clsx(
      'grid size-5 place-content-center rounded-full border-2',
      isDone ? 'border-ok bg-ok text-sheet' : isNext ? 'border-brand' : 'border-dashed border-line-strong',
    )}
  >
    {isDone && <Icon of={CheckIcon} size={14} />}
  </span>
)

function useSteps(): Step[] {
  const t = useText()
  const may = useRights()
  const numbers = useNumbers()
  const hasNumber = numbers?.some(({ status }) => status !== 'disconnected') ?? false
  const { data: furthest = null } = useQuery({ ...furthestQuery, enabled: hasNumber })
  const phone = numbers?.find(({ whatsappNumber }) => whatsappNumber !== null)?.whatsappNumber ?? null
  return [
    { name: 'account', isDone: true, content: null },
    {
      name: 'number',
      isDone: hasNumber,
      content: may('clients.connect') ? (
        <>
          <p className="text-ink-2">{t('inbox.first.number.text')}</p>
          <Go to="/numbers">{t('inbox.first.number.go')}</Go>
        </>
      ) : (
        <p className="text-ink-2">{t('inbox.first.number.admin')}</p>
      ),
    },
    {
      name: 'template',
      isDone: furthest === 'APPROVED',
      content: furthest === 'PENDING' ? <InReview /> : <FirstTemplate mayWrite={may('templates.write')} />,
    },
    { name: 'message', isDone: false, content: <FirstMessage phone={phone} /> },
  ]
}

function FirstTemplate({ mayWrite }: { mayWrite: boolean }) {
  const t = useText()
  if (!mayWrite) return <p className="text-ink-2">{t('inbox.first.template.manager')}</p>
  return (
    <>
      <p className="text-ink-2">{t('inbox.first.template.text')}</p>
      <Go to="/templates/new">{t('inbox.first.template.write')}</Go>
      <p>
        <Link to="/templates">{t('inbox.first.template.go')}</Link>
      </p>
    </>
  )
}

function InReview() {
  const t = useText()
  return (
    <>
      <p className="text-ink-2">{t('inbox.first.template.review')}</p>
      <p>
        <Link to="/templates">{t('inbox.first.template.go')}</Link>
      </p>
    </>
  )
}

/** A message to the own number is the quickest proof that all of it works. */
function FirstMessage({ phone }: { phone: string | null }) {
  const t = useText()
  if (phone === null) return <p className="text-ink-2">{t('inbox.first.message.any')}</p>
  const shown = (
    <bdi key="phone" dir="ltr">
      {phone}
    </bdi>
  )
  return (
    <>
      <p className="text-ink-2">
        <Text id="inbox.first.message.text" values={{ phone: shown }} />
      </p>
      <p>
        <a
          href={`https://wa.me/${phone.replace(/\D/g, '')}`}
          target="_blank"
          rel="noreferrer"
          className={`${buttonClass({})} no-underline`}
        >
          {t('inbox.first.message.go')}
        </a>
      </p>
    </>
  )
}

const Go = ({ to, children }: { to: '/numbers' | '/templates/new'; children: ReactNode }) => (
  <p>
    <Link to={to} className={`${buttonClass({ kind: 'primary' })} no-underline`}>
      {children}
    </Link>
  </p>
)
