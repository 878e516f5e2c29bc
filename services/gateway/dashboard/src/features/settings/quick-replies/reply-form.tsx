import { type ReactNode, useRef } from 'react'
import { QUICK_REPLY_VARIABLES, type QuickReplyVariable, unknownVariables } from '#shared/domain/inbox/quick-reply.ts'
import { Problem } from '../../../lib/api/problem.ts'
import type { QuickReply } from '../../../lib/data/inbox-aids.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import type { TextId } from '../../../lib/i18n/text-ids.ts'
import { Button } from '../../../ui/button.tsx'
import { Field, Input, Select, TextArea } from '../../../ui/field.tsx'
import { conflictOf, isAtFields, problemAt } from '../../../ui/form/field-problems.ts'
import { FormDialog } from '../../../ui/form-dialog.tsx'
import { Refused } from '../../../ui/refused.tsx'
import type { NewFile, ReplyFields } from './data.ts'
import { FileField } from './file-field.tsx'
import { Preview } from './preview.tsx'

const FIELDS = ['shortcut', 'title', 'text', 'mediaId'] as const
const LONGEST = 4096
/** Letters and digits of any script, hyphens and underscores. */
const SHORTCUT = '[\\p{L}\\p{N}_\\-]{1,32}'

const VARIABLES: Record<QuickReplyVariable, TextId> = {
  'contact.name': 'replies.variable.contactName',
  'contact.firstName': 'replies.variable.contactFirstName',
  'contact.phone': 'replies.variable.contactPhone',
  'contact.username': 'replies.variable.contactUsername',
  'agent.name': 'replies.variable.agentName',
  'agent.firstName': 'replies.variable.agentFirstName',
  'candidate.name': 'replies.variable.candidateName',
}

interface ReplyFormProps {
  title: string
  submit: string
  fields: ReplyFields
  file: NewFile | null
  isDirty: boolean
  error: unknown
  isBusy: boolean
  onChange(part: Partial<ReplyFields>): void
  onFile(file: NewFile | null): void
  onSubmit(): void
  onClose(): void
  /** What stands above the buttons. */
  children?: ReactNode
}

/** What a quick reply is called, what it says, and how it will look. */
export function ReplyForm(props: ReplyFormProps) {
  const { title, submit, fields, file, isDirty, error, isBusy, onChange, onFile, onSubmit, onClose, children } = props
  const t = useText()
  const isTaken = error instanceof Problem && error.errorCode === 'SHORTCUT_EXISTS'
  const ofFile = error instanceof Problem && FILE_STATUSES.includes(error.status) ? error.detail : problemAt(error, 'mediaId')
  const isSaid = isTaken || ofFile !== undefined || conflictOf(error) !== null || isAtFields(error, FIELDS)
  const isEmpty = !fields.text && fields.mediaId === null && file === null
  const isStrange = fields.text !== null && unknownVariables(fields.text).length > 0
  return (
    <FormDialog
      wide
      title={title}
      submit={submit}
      isBusy={isBusy}
      canSubmit={!isEmpty && !isStrange}
      canClose={!isDirty}
      onSubmit={onSubmit}
      onClose={onClose}
    >
      <div className="grid grid-cols-2 gap-4 max-two:grid-cols-1">
        <Field
          label={t('replies.shortcut')}
          hint={t('replies.shortcut.hint')}
          problem={isTaken ? t('replies.shortcut.taken') : problemAt(error, 'shortcut')}
        >
          {ids => (
            <Input
              {...ids}
              data-autofocus
              required
              dir="auto"
              maxLength={32}
              pattern={SHORTCUT}
              title={t('replies.shortcut.hint')}
              value={fields.shortcut}
              onChange={event => onChange({ shortcut: event.target.value })}
            />
          )}
        </Field>
        <Field label={t('replies.title')} hint={t('replies.title.hint')} problem={problemAt(error, 'title')}>
          {ids => (
            <Input
              {...ids}
              required
              dir="auto"
              maxLength={120}
              value={fields.title}
              onChange={event => onChange({ title: event.target.value })}
            />
          )}
        </Field>
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)_16rem] gap-4 max-two:grid-cols-1">
        <div className="grid content-start gap-4">
          <TextField text={fields.text} problem={problemAt(error, 'text')} onChange={text => onChange({ text })} />
          <FileField
            mediaId={fields.mediaId}
            file={file}
            problem={ofFile}
            onFile={onFile}
            onRemove={() => onChange({ mediaId: null })}
          />
        </div>
        <Preview text={fields.text} mediaId={fields.mediaId} file={file} />
      </div>
      {children}
      {isDirty && isEmpty && <p className="text-ink-2">{t('replies.empty')}</p>}
      <Refused error={isSaid ? null : error} />
    </FormDialog>
  )
}

/** What an upload is refused with: too large, a type that WhatsApp does not take, no file at all. */
const FILE_STATUSES = [413, 415]

interface TextFieldProps {
  text: string | null
  problem: string | undefined
  onChange(text: string | null): void
}

function TextField({ text, problem, onChange }: TextFieldProps) {
  const t = useText()
  const { number, list } = useFormat()
  const area = useRef<HTMLTextAreaElement>(null)
  const strange = unknownVariables(text ?? '')
  const insert = (name: string) => {
    const element = area.current
    if (element === null) return
    const place = `{{${name}}}`
    const { value, selectionStart, selectionEnd } = element
    onChange(`${value.slice(0, selectionStart)}${place}${value.slice(selectionEnd)}`)
    element.focus()
  }
  const length = text?.length ?? 0
  return (
    <div className="grid gap-2">
      <Field
        label={t('replies.content')}
        aside={length > LONGEST * 0.8 ? `${number(length)} / ${number(LONGEST)}` : undefined}
        problem={strange.length > 0 ? t('replies.content.unknown', { names: list(strange) }) : problem}
        hint={t('replies.content.hint')}
      >
        {ids => (
          <TextArea
            {...ids}
            ref={area}
            dir="auto"
            rows={5}
            maxLength={LONGEST}
            value={text ?? ''}
            onChange={event => onChange(event.target.value || null)}
          />
        )}
      </Field>
      <fieldset className="flex flex-wrap gap-1">
        <legend className="mb-1 text-ink-2">{t('replies.insert')}</legend>
        {QUICK_REPLY_VARIABLES.map(name => (
          <Button key={name} onClick={() => insert(name)}>
            {t(VARIABLES[name])}
          </Button>
        ))}
      </fieldset>
    </div>
  )
}

/** For whom a new quick reply is; it stays so. */
export function ScopeField({ scope, onChange }: { scope: QuickReply['scope']; onChange(scope: QuickReply['scope']): void }) {
  const t = useText()
  return (
    <Field label={t('replies.scope')}>
      {ids => (
        <Select {...ids} value={scope} onChange={({ target }) => onChange(target.value === 'account' ? 'account' : 'own')}>
          <option value="own">{t('replies.scope.own')}</option>
          <option value="account">{t('replies.scope.account')}</option>
        </Select>
      )}
    </Field>
  )
}
