import { useRef, useState } from 'react'
import type { ConversationView } from '#shared/contracts/views.ts'
import { setDraft, useDrafts } from '../../../../lib/drafts.ts'
import { useText } from '../../../../lib/i18n/text.tsx'
import { sendMessage } from '../../../../lib/outbox/outbox.ts'
import { Button } from '../../../../ui/button.tsx'
import { Dialog } from '../../../../ui/dialog.tsx'
import { PlusIcon, SendIcon } from '../../../../ui/icons.tsx'
import { changeComposer, composerOf } from '../state.ts'
import { ChoiceField } from './choice-field.tsx'
import { type Choice, interactiveOf, LIMITS, problemsOf } from './interactive.ts'

const FIRST = 3

/** Builds a message with up to three buttons, or with a list of up to ten rows. */
export default function InteractiveDialog({
  conversation: { id },
  onClose,
}: {
  conversation: ConversationView
  onClose(): void
}) {
  const t = useText()
  const form = useRef<HTMLFormElement>(null)
  const draft = useDrafts(({ drafts }) => drafts[id] ?? '')
  const { choice, change, problem, ask } = useChoice(draft)
  const send = () => {
    if (!ask()) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus())
      return
    }
    const { quote } = composerOf(id)
    const replyTo = quote && { replyTo: quote.messageId }
    const body = { conversationId: id, type: 'interactive', interactive: interactiveOf(choice), ...replyTo }
    sendMessage({ conversationId: id, path: '/messages', body, preview: { type: 'interactive', text: choice.body.trim() } })
    if (choice.body === draft) setDraft(id, '')
    changeComposer(id, { quote: null })
    onClose()
  }
  return (
    <Dialog
      title={t('composer.choice')}
      wide
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button kind="primary" icon={SendIcon} turns onClick={send}>
            {t('composer.choice.send')}
          </Button>
        </>
      }
    >
      <form
        ref={form}
        noValidate
        className="grid gap-3"
        onSubmit={event => {
          event.preventDefault()
          event.stopPropagation()
          send()
        }}
      >
        <Kinds choice={choice} change={change} />
        <Words choice={choice} change={change} problem={problem} />
        <Options choice={choice} change={change} problem={problem} />
      </form>
    </Dialog>
  )
}

interface PartProps {
  choice: Choice
  change(more: Partial<Choice>): void
  /** What is wrong with a field, in words. */
  problem(field: string): string | undefined
}

function useChoice(draft: string) {
  const t = useText()
  const [whole, setWhole] = useState<Choice>(() => ({
    ...{ kind: 'button', header: '', body: draft, footer: '', open: '' },
    options: Array.from({ length: FIRST }, () => ({ title: '', description: '' })),
  }))
  const [isAsked, setAsked] = useState(false)
  // Rows beyond the third are kept, should somebody want a list again.
  const choice = whole.kind === 'list' ? whole : { ...whole, options: whole.options.slice(0, LIMITS.buttons) }
  const problems = problemsOf(choice)
  return {
    choice,
    change({ options, ...more }: Partial<Choice>) {
      const rest = whole.options.slice(choice.options.length)
      setWhole({ ...whole, ...more, ...(options && { options: [...options, ...rest] }) })
    },
    // What is missing is said when somebody wants to send, what is too long at once.
    problem(field: string) {
      const found = problems[field]
      return found && (isAsked || found !== 'missing') ? t(`composer.choice.${found}`) : undefined
    },
    /** Whether it can be sent; says what is missing. */
    ask() {
      setAsked(true)
      return Object.keys(problems).length === 0
    },
  }
}

function Kinds({ choice: { kind }, change }: Omit<PartProps, 'problem'>) {
  const t = useText()
  return (
    <fieldset className="flex flex-wrap gap-4 border-0 p-0">
      <legend className="sr-only">{t('composer.choice.kind')}</legend>
      {(['button', 'list'] as const).map(one => (
        <label key={one} className="inline-flex min-h-6 items-center gap-2">
          <input type="radio" name="kind" checked={kind === one} onChange={() => change({ kind: one })} className="size-4" />
          {t(`composer.choice.${one}`)}
        </label>
      ))}
    </fieldset>
  )
}

function Words({ choice, change, problem }: PartProps) {
  const t = useText()
  const isList = choice.kind === 'list'
  return (
    <>
      <ChoiceField
        label={t('composer.choice.body')}
        isLong
        value={choice.body}
        most={isList ? LIMITS.listBody : LIMITS.body}
        problem={problem('body')}
        onChange={body => change({ body })}
      />
      <div className="grid items-start gap-3 two:grid-cols-2">
        {(['header', 'footer'] as const).map(field => (
          <ChoiceField
            key={field}
            label={t(`composer.choice.${field}`)}
            value={choice[field]}
            most={LIMITS[field]}
            problem={problem(field)}
            onChange={value => change({ [field]: value })}
          />
        ))}
      </div>
      {isList && (
        <ChoiceField
          label={t('composer.choice.open')}
          value={choice.open}
          most={LIMITS.open}
          problem={problem('open')}
          onChange={open => change({ open })}
        />
      )}
    </>
  )
}

function Options({ choice: { kind, options }, change, problem }: PartProps) {
  const t = useText()
  const isList = kind === 'list'
  const changeOption = (at: number, more: Partial<Choice['options'][number]>) =>
    change({ options: options.map((option, i) => (i === at ? { ...option, ...more } : option)) })
  return (
    <>
      {options.map(({ title, description }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an option is its place
        <div key={i} className="grid items-start gap-3 two:grid-cols-2">
          <ChoiceField
            label={t(isList ? 'composer.choice.row' : 'composer.choice.option', { n: i + 1 })}
            value={title}
            most={isList ? LIMITS.row : LIMITS.button}
            problem={problem(`option.${i}`)}
            onChange={next => changeOption(i, { title: next })}
          />
          {isList && (
            <ChoiceField
              label={t('composer.choice.description', { n: i + 1 })}
              value={description}
              most={LIMITS.description}
              problem={problem(`description.${i}`)}
              onChange={next => changeOption(i, { description: next })}
            />
          )}
        </div>
      ))}
      {isList && options.length < LIMITS.rows && (
        <div>
          <Button icon={PlusIcon} onClick={() => change({ options: [...options, { title: '', description: '' }] })}>
            {t('composer.choice.more')}
          </Button>
        </div>
      )}
    </>
  )
}
