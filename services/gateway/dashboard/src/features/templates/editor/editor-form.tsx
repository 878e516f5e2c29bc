import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useRef, useState } from 'react'
import { Problem } from '../../../lib/api/problem.ts'
import { keys } from '../../../lib/data/keys.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import type { TextId } from '../../../lib/i18n/text-ids.ts'
import { Button } from '../../../ui/button.tsx'
import { LeaveGuard } from '../../../ui/form/leave-guard.tsx'
import { FailIcon, Icon, InfoIcon } from '../../../ui/icons.tsx'
import { Refused } from '../../../ui/refused.tsx'
import { Phone } from '../../../ui/templates/phone.tsx'
import type { Template } from '../data.ts'
import type { PartProps } from './about.tsx'
import { Content } from './content.tsx'
import { type Draft, previewComponents, previewVariables } from './draft.ts'
import { type Faults, saidOf, warningsOf } from './problems.ts'
import { type Said, SaidContext } from './said.ts'

interface EditorFormProps {
  draft: Draft
  faults: Faults
  /** Whether there is something that would be lost. */
  isDirty: boolean
  /** False: there is nothing to send yet, and `review` says so. */
  canSubmit?: boolean
  submit: TextId
  refused: TextId
  /** Beside the button: what Meta does with it. */
  review: ReactNode
  /** What Meta said of it before: beside the form, and above it on phones. */
  said?: ReactNode
  /** Above the content: name, language and category. */
  children(change: PartProps['change']): ReactNode
  onChange(draft: Draft): void
  /** Sends the draft. @throws Problem */
  send(): Promise<Template>
}

/** The form of a template, and how the template looks on a phone. */
export function EditorForm(props: EditorFormProps) {
  const { draft, faults, isDirty, canSubmit = true, submit: label, refused, review, said: before, children } = props
  const t = useText()
  const { form, said, problem, others, isPending, submit, forget } = useSubmit(draft, faults, props.send)
  const change = (changes: Partial<Draft>) => {
    forget()
    props.onChange({ ...draft, ...changes })
  }
  return (
    <SaidContext value={said}>
      <div className="grid items-start gap-x-8 gap-y-5 two:grid-cols-[minmax(0,1fr)_20rem] two:grid-rows-[auto_minmax(0,1fr)]">
        {before && <div className="two:col-start-2">{before}</div>}
        <form
          ref={form}
          noValidate
          className="grid max-w-[44rem] gap-5 two:col-start-1 two:row-span-2 two:row-start-1"
          onSubmit={event => {
            event.preventDefault()
            if (canSubmit) submit()
          }}
        >
          {children(change)}
          <Content draft={draft} change={change} />
          <Warnings draft={draft} />
          {said.isTried && Object.keys(said.faults).length > 0 && (
            <p role="alert" className="flex gap-2 text-fail">
              <Icon of={FailIcon} />
              <Text id="editor.faults" values={{ n: Object.keys(said.faults).length }} />
            </p>
          )}
          {problem && others && <Refused error={problem}>{t(refused)}</Refused>}
          <footer className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
            <p className="max-w-96 text-ink-2">{review}</p>
            {canSubmit && (
              <Button type="submit" kind="primary" busy={isPending}>
                {t(label)}
              </Button>
            )}
          </footer>
          <LeaveGuard isDirty={isDirty} />
        </form>
        <aside aria-label={t('templates.preview')} className="grid gap-2 two:sticky two:top-5 two:col-start-2">
          <h2>{t('templates.preview')}</h2>
          <Phone template={{ components: previewComponents(draft), variables: previewVariables(draft) }} />
        </aside>
      </div>
    </SaidContext>
  )
}

/** Sends the draft once nothing is wrong with it; what the server says of a field stands there until something is changed. */
function useSubmit(draft: Draft, faults: Faults, send: () => Promise<Template>) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const [isTried, setTried] = useState(false)
  const sending = useMutation({
    mutationFn: send,
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: keys.templates })
      // It is sent: nothing is lost.
      void navigate({ to: '/templates', search: { open: id }, ignoreBlocker: true })
    },
    onError: () => focusFault(),
  })
  const focusFault = () => requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus())
  const problem = sending.error
  const server = problem instanceof Problem ? saidOf(problem, draft) : {}
  const said: Said = { faults, server, isTried }
  return {
    form,
    said,
    problem,
    /** Whether the server's answer has more than what stands at fields. */
    others: Object.keys(server).length === 0,
    isPending: sending.isPending,
    forget: () => sending.error && sending.reset(),
    submit() {
      setTried(true)
      if (sending.isPending) return
      if (Object.keys(faults).length > 0) focusFault()
      else sending.mutate()
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
