import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useFormat } from '../../lib/i18n/format.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { Button } from '../../ui/button.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Field, Input, TextArea } from '../../ui/field.tsx'
import { Payload } from '../../ui/payload.tsx'
import { Refused } from '../../ui/refused.tsx'
import { Bone, ErrorRow } from '../../ui/states.tsx'
import { discardLetter, type LetterDetail, letterQuery, replayLetter, useOperation } from './data.ts'
import { Drawer, readable } from './drawer.tsx'
import { ReplayResult } from './replay-result.tsx'

/** A dead letter: why, with what, what was done with it; it can be edited, tried, replayed and discarded. */
export function LetterDrawer({ id, onClose }: { id: string; onClose(): void }) {
  const t = useText()
  const { data, error, refetch } = useQuery(letterQuery(id))
  return (
    <Drawer title={t('operations.letter')} onClose={onClose}>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('operations.one.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="10rem" />}
      {data && <Letter key={data.payload} letter={data} />}
    </Drawer>
  )
}

function Letter({ letter }: { letter: LetterDetail }) {
  const t = useText()
  const { full, number } = useFormat()
  const mayWrite = useMay('deadLetters.write')
  const isOpen = letter.state === 'NEW' || letter.state === 'REPLAYING'
  return (
    <>
      <Facts
        facts={[
          [t('operations.state'), t(`operations.letter.${letter.state}`)],
          [t('operations.at'), full(letter.createdAt)],
          [t('operations.queue'), <code key="queue">{letter.queue}</code>],
          [t('operations.attempts'), number(letter.attempts)],
          [t('operations.why'), letter.reason],
          ...(letter.error ? [[t('operations.error'), letter.error] as const] : []),
        ]}
      />
      {isOpen && mayWrite ? <Actions letter={letter} /> : <Payload text={readable(letter.payload)} />}
      {letter.history.length > 0 && (
        <section className="grid gap-1">
          <h3>{t('operations.history')}</h3>
          <ul>
            {letter.history.map(({ at, action, by, detail }) => (
              <li key={`${at} ${action}`}>
                {full(at)} · {t(`operations.history.${action}`)} · <bdi>{by.name}</bdi>{' '}
                {detail && <bdi className="text-ink-2">{detail}</bdi>}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function Actions({ letter }: { letter: LetterDetail }) {
  const t = useText()
  const shown = readable(letter.payload)
  const [payload, setPayload] = useState(shown)
  const [reason, setReason] = useState('')
  const replay = useOperation(replayLetter)
  const discard = useOperation(discardLetter)
  const edited = payload === shown ? {} : { payload }
  return (
    <div className="grid gap-3">
      <Field label={t('operations.payload')} hint={t('operations.payload.hint')}>
        {ids => (
          <TextArea
            {...ids}
            dir="ltr"
            rows={14}
            spellCheck={false}
            className="font-mono text-meta"
            value={payload}
            onChange={event => setPayload(event.target.value)}
          />
        )}
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button busy={replay.isPending} onClick={() => replay.mutate({ id: letter.id, dryRun: true, ...edited })}>
          {t('operations.dryRun')}
        </Button>
        <Button kind="primary" busy={replay.isPending} onClick={() => replay.mutate({ id: letter.id, dryRun: false, ...edited })}>
          {t('operations.replay')}
        </Button>
      </div>
      <Refused error={replay.error ?? discard.error} />
      {replay.data && <ReplayResult replay={replay.data} />}
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={event => {
          event.preventDefault()
          discard.mutate({ id: letter.id, reason: reason.trim() })
        }}
      >
        <div className="min-w-52 flex-1">
          <Field label={t('operations.discard.reason')}>
            {ids => (
              <Input {...ids} dir="auto" maxLength={500} value={reason} onChange={event => setReason(event.target.value)} />
            )}
          </Field>
        </div>
        <Button type="submit" disabled={reason.trim() === ''} busy={discard.isPending}>
          {t('operations.discard')}
        </Button>
      </form>
    </div>
  )
}
