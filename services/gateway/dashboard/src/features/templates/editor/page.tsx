import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { request } from '../../../lib/api/client.ts'
import { Problem } from '../../../lib/api/problem.ts'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import { keys } from '../../../lib/data/keys.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Button, buttonClass } from '../../../ui/button.tsx'
import { BackIcon, FailIcon, Icon, InfoIcon } from '../../../ui/icons.tsx'
import { NoRight } from '../../../ui/no-right.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { Phone } from '../../../ui/templates/phone.tsx'
import type { Template } from '../data.ts'
import { About } from './about.tsx'
import { Content } from './content.tsx'
import { type Draft, EMPTY, inputOf, previewComponents, previewVariables } from './draft.ts'
import { faultsOf, saidOf, warningsOf } from './problems.ts'
import { type Said, SaidContext } from './said.ts'

/** A new template: its form, how it looks on a phone, and what Meta will say of it. */
export default function NewTemplatePage() {
  const t = useText()
  const mayWrite = useMay('templates.write')
  useEffect(() => {
    document.title = `${t('editor.title')} · Linko`
  })
  if (!mayWrite) return <NoRight />
  return (
    <div className="mx-auto grid max-w-[72rem] gap-5 p-5 max-two:p-3">
      <header className="flex items-center gap-3">
        <Link
          to="/templates"
          aria-label={t('editor.back')}
          title={t('editor.back')}
          className={buttonClass({ kind: 'quiet', iconOnly: true })}
        >
          <Icon of={BackIcon} className="turns" />
        </Link>
        <h1>{t('editor.title')}</h1>
      </header>
      <Editor />
    </div>
  )
}

function Editor() {
  const t = useText()
  const [draft, setDraft] = useState(EMPTY)
  const { form, said, problem, others, isPending, submit, forget } = useSubmit(draft)
  const change = (changes: Partial<Draft>) => {
    forget()
    setDraft({ ...draft, ...changes })
  }
  return (
    <SaidContext value={said}>
      <div className="grid items-start gap-x-8 gap-y-5 two:grid-cols-[minmax(0,1fr)_20rem]">
        <form
          ref={form}
          noValidate
          className="grid max-w-[44rem] gap-5"
          onSubmit={event => {
            event.preventDefault()
            submit()
          }}
        >
          <About draft={draft} change={change} />
          <Content draft={draft} change={change} />
          <Warnings draft={draft} />
          {said.isTried && Object.keys(said.faults).length > 0 && (
            <p role="alert" className="flex gap-2 text-fail">
              <Icon of={FailIcon} />
              <Text id="editor.faults" values={{ n: Object.keys(said.faults).length }} />
            </p>
          )}
          {problem && others && <Refused error={problem}>{t('editor.refused')}</Refused>}
          <footer className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
            <p className="max-w-96 text-ink-2">{t('editor.review')}</p>
            <Button type="submit" kind="primary" busy={isPending}>
              {t('editor.submit')}
            </Button>
          </footer>
        </form>
        <aside aria-label={t('templates.preview')} className="grid gap-2 two:sticky two:top-5">
          <h2>{t('templates.preview')}</h2>
          <Phone template={{ components: previewComponents(draft), variables: previewVariables(draft) }} />
        </aside>
      </div>
    </SaidContext>
  )
}

/** Sends the draft once nothing is wrong with it; what the server says of a field stands there until something is changed. */
function useSubmit(draft: Draft) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const [isTried, setTried] = useState(false)
  const key = useRepeatKey()
  const create = useMutation({
    mutationFn: () => request<Template>('POST', '/templates', { body: inputOf(draft), idempotencyKey: key.current() }),
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: keys.templates })
      void navigate({ to: '/templates', search: { open: id } })
    },
    onError: error => {
      key.onError(error)
      focusFault()
    },
  })
  const focusFault = () => requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus())
  const faults = faultsOf(draft)
  const problem = create.error
  const server = problem instanceof Problem ? saidOf(problem, draft) : {}
  const said: Said = { faults, server, isTried }
  return {
    form,
    said,
    problem,
    /** Whether the server's answer has more than what stands at fields. */
    others: Object.keys(server).length === 0,
    isPending: create.isPending,
    forget: () => create.error && create.reset(),
    submit() {
      setTried(true)
      if (create.isPending) return
      if (Object.keys(faults).length > 0) focusFault()
      else create.mutate()
    },
  }
}

/** What Meta is likely to refuse, or to see otherwise, while it can still be changed. */
function Warnings({ draft }: { draft: Draft }) {
  const t = useText()
  const warnings = warningsOf(draft)
  return (
    <div aria-live="polite">
      {warnings.length > 0 && (
        <ul className="grid gap-2 rounded-2 bg-time-soft px-3 py-2" data-warnings>
          {warnings.map(warning => (
            <li key={warning} className="flex gap-2">
              <Icon of={InfoIcon} className="mt-0.5 text-time" />
              <span>{t(warning)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
