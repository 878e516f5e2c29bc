import { useRef } from 'react'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Check, Field, Input, TextArea } from '../../../ui/field.tsx'
import { PlusIcon } from '../../../ui/icons.tsx'
import type { PartProps } from './about.tsx'
import { Buttons } from './buttons.tsx'
import { Count } from './count.tsx'
import { withVariable } from './draft.ts'
import { Header } from './header.tsx'
import { MAX_BODY_LENGTH, MAX_SHORT } from './problems.ts'
import { useProblem } from './said.ts'
import { Variables } from './variables.tsx'

/** What the reader sees: header, text, footer and buttons, with a sample of each variable. */
export function Content(props: PartProps) {
  const t = useText()
  const { draft, change } = props
  const problem = useProblem()
  if (draft.category === 'AUTHENTICATION') return <Code {...props} />
  return (
    <section className="grid gap-4" aria-label={t('editor.content')}>
      <Header {...props} />
      <Body {...props} />
      <Variables {...props} />
      <Field
        label={t('editor.footer')}
        aside={<Count of={draft.footer} most={MAX_SHORT} />}
        problem={problem('footer')}
        hint={t('editor.optional')}
      >
        {ids => <Input {...ids} dir="auto" value={draft.footer} onChange={event => change({ footer: event.target.value })} />}
      </Field>
      <Buttons {...props} />
    </section>
  )
}

function Body({ draft, change }: PartProps) {
  const t = useText()
  const problem = useProblem()
  const area = useRef<HTMLTextAreaElement>(null)
  const insert = () => {
    const { text, cursor } = withVariable(draft.body, area.current?.selectionStart ?? draft.body.length)
    change({ body: text })
    requestAnimationFrame(() => {
      area.current?.focus()
      area.current?.setSelectionRange(cursor, cursor)
    })
  }
  return (
    <div className="grid gap-2">
      <Field
        label={t('editor.body')}
        aside={<Count of={draft.body} most={MAX_BODY_LENGTH} />}
        problem={problem('body')}
        hint={t('editor.body.hint')}
      >
        {ids => (
          <TextArea
            {...ids}
            ref={area}
            dir="auto"
            rows={6}
            value={draft.body}
            onChange={event => change({ body: event.target.value })}
          />
        )}
      </Field>
      <div>
        <Button small icon={PlusIcon} onClick={insert}>
          {t('editor.variable.add')}
        </Button>
      </div>
    </div>
  )
}

/** Meta writes the text of a code itself; little is left to choose. */
function Code({ draft: { code }, change }: PartProps) {
  const t = useText()
  const problem = useProblem()
  return (
    <section className="grid gap-4" aria-label={t('editor.content')}>
      <p className="text-ink-2">{t('editor.code.text')}</p>
      <Check
        label={t('editor.code.advice')}
        checked={code.withAdvice}
        onChange={({ target }) => change({ code: { ...code, withAdvice: target.checked } })}
      />
      <Field label={t('editor.code.minutes')} problem={problem('minutes')} hint={t('editor.optional')}>
        {ids => (
          <Input
            {...ids}
            inputMode="numeric"
            dir="ltr"
            className="max-w-24"
            value={code.minutes}
            onChange={event => change({ code: { ...code, minutes: event.target.value } })}
          />
        )}
      </Field>
    </section>
  )
}
