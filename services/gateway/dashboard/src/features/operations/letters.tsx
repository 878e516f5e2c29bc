import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { CheckIcon } from '../../ui/icons.tsx'
import { Refused } from '../../ui/refused.tsx'
import { Empty, ErrorRow, ListBones } from '../../ui/states.tsx'
import { Cell, Table } from '../../ui/table.tsx'
import { groupsQuery, type LetterGroup, lettersQuery, runAll, useOperation } from './data.ts'
import { LetterDrawer } from './letter-drawer.tsx'
import { List } from './list.tsx'

/** What Linko could not process, by cause: faults of ours or of what was sent, not refusals of WhatsApp. */
export function Letters() {
  const t = useText()
  const { cause, open } = useSearch({ from: '/shell/operations' })
  const navigate = useNavigate({ from: '/operations' })
  const { data, error, refetch } = useQuery(groupsQuery)
  // Kept here, because a group that is done with is gone from the list before its dialog is closed.
  const [run, setRun] = useState<Run | null>(null)
  return (
    <>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('operations.list.failed')}
        </ErrorRow>
      )}
      {!data && !error && <ListBones />}
      {data?.length === 0 && (
        <Empty icon={CheckIcon} title={t('operations.letters.none')} text={t('operations.letters.none.text')} />
      )}
      {data && data.length > 0 && (
        <ul className="border-b border-line" aria-label={t('operations.view.letters')}>
          {data.map(group => (
            <Group key={`${group.source} ${group.cause}`} group={group} onRun={what => setRun({ ...group, what })} />
          ))}
        </ul>
      )}
      {run && <RunDialog {...run} onClose={() => setRun(null)} />}
      {cause && <OfCause cause={cause} />}
      {open && (
        <LetterDrawer key={open} id={open} onClose={() => void navigate({ search: ({ open: _open, ...rest }) => rest })} />
      )}
    </>
  )
}

/** Something to do with all of a cause. */
type Run = Pick<LetterGroup, 'cause' | 'count'> & { what: 'replay' | 'discard' }

function Group({ group, onRun }: { group: LetterGroup; onRun(what: Run['what']): void }) {
  const { cause, source, count, firstAt, lastAt, exampleId } = group
  const t = useText()
  const { number, full } = useFormat()
  const mayWrite = useMay('deadLetters.write')
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 border-t border-line py-3 max-two:grid-cols-1">
      <div className="min-w-0">
        <p className="break-words">
          <bdi>{cause}</bdi>
        </p>
        <p className="text-meta text-ink-3">
          <bdi dir="ltr">{source}</bdi> · <Text id="operations.letters.count" values={{ n: count, count: number(count) }} /> ·{' '}
          <Text id="operations.letters.times" values={{ from: full(firstAt), to: full(lastAt) }} />
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <Link
          from="/operations"
          to="/operations"
          search={{ view: 'letters', cause, open: exampleId }}
          className="self-center px-2"
        >
          {t('operations.look')}
        </Link>
        {mayWrite && (
          <>
            <Button small onClick={() => onRun('replay')}>
              {t('operations.replayAll')}
            </Button>
            <Button small kind="quiet" onClick={() => onRun('discard')}>
              {t('operations.discardAll')}
            </Button>
          </>
        )}
      </div>
    </li>
  )
}

/** All of a cause at once, with how far it is. */
function RunDialog({ what, cause, count, onClose }: Run & { onClose(): void }) {
  const t = useText()
  const { number } = useFormat()
  const [reason, setReason] = useState('')
  const [done, setDone] = useState(0)
  const run = useOperation(() => runAll(what === 'replay' ? { cause, what } : { cause, what, reason: reason.trim() }, setDone))
  const isReady = what === 'replay' || reason.trim() !== ''
  return (
    <Dialog
      title={<Text id={`operations.${what}All.title`} values={{ n: count, count: number(count) }} />}
      onClose={onClose}
      canClose={!run.isPending}
      footer={
        <>
          <Button disabled={run.isPending} onClick={onClose}>
            {t(run.isSuccess ? 'ui.close' : 'ui.cancel')}
          </Button>
          {!run.isSuccess && (
            <Button
              kind={what === 'replay' ? 'primary' : 'danger'}
              disabled={!isReady}
              busy={run.isPending}
              onClick={() => run.mutate(undefined)}
            >
              {t(`operations.${what}All`)}
            </Button>
          )}
        </>
      }
    >
      <p className="break-words">
        <bdi>{cause}</bdi>
      </p>
      <p className="text-ink-2">{t(`operations.${what}All.text`)}</p>
      {what === 'discard' && !run.isSuccess && (
        <Field label={t('operations.discard.reason')}>
          {ids => (
            <Input
              {...ids}
              data-autofocus
              dir="auto"
              maxLength={500}
              value={reason}
              onChange={event => setReason(event.target.value)}
            />
          )}
        </Field>
      )}
      <div aria-live="polite">
        {done > 0 && <Text id="operations.letters.done" values={{ n: done, count: number(done) }} />}
        <Refused error={run.error} />
      </div>
    </Dialog>
  )
}

function OfCause({ cause }: { cause: string }) {
  const t = useText()
  const { dateTime } = useFormat()
  const query = useInfiniteQuery(lettersQuery(cause))
  return (
    <section className="grid gap-2">
      <h2 className="break-words">
        <bdi>{cause}</bdi>
      </h2>
      <List query={query} none={t('operations.letters.none')}>
        {rows => (
          <Table heads={[t('operations.at'), t('operations.queue'), t('operations.state'), t('operations.attempts')]}>
            {rows.map(({ id, createdAt, queue, state, attempts }) => (
              <tr key={id} className="border-b border-line hover:bg-hover">
                <Cell isHead>
                  <Link from="/operations" to="/operations" search={before => ({ ...before, open: id })}>
                    {dateTime(createdAt)}
                  </Link>
                </Cell>
                <Cell>
                  <bdi dir="ltr" className="font-mono">
                    {queue}
                  </bdi>
                </Cell>
                <Cell>{t(`operations.letter.${state}`)}</Cell>
                <Cell isFigure>{attempts}</Cell>
              </tr>
            ))}
          </Table>
        )}
      </List>
    </section>
  )
}
