import { MAX_BUTTONS, MAX_OF } from '#shared/domain/templates/buttons.ts'
import { placeholdersOf } from '#shared/domain/templates/slots.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { Button, IconButton } from '../../../ui/button.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import { PlusIcon, TrashIcon } from '../../../ui/icons.tsx'
import type { PartProps } from './about.tsx'
import { Count } from './count.tsx'
import { BUTTON_KINDS, type ButtonDraft, withButton } from './draft.ts'
import { MAX_COUPON_LENGTH, MAX_LABEL, MAX_PHONE } from './problems.ts'
import { useProblem } from './said.ts'

/** Buttons below the text. Those of a kind that Meta takes no more of cannot be added. */
export function Buttons({ draft: { buttons }, change }: PartProps) {
  const t = useText()
  const problem = useProblem()
  const isFull = (kind: ButtonDraft['kind']) =>
    buttons.length >= MAX_BUTTONS || buttons.filter(one => one.kind === kind).length >= (MAX_OF[kind] ?? 0)
  return (
    <fieldset className="grid gap-3">
      <legend className="weight-name mb-1">{t('editor.buttons')}</legend>
      {problem('buttons') && <p className="text-fail">{problem('buttons')}</p>}
      {buttons.map((button, i) => (
        <OneButton
          key={button.key}
          button={button}
          at={i}
          onChange={changes => change({ buttons: buttons.map(one => (one === button ? { ...one, ...changes } : one)) })}
          onRemove={() => change({ buttons: buttons.filter(one => one !== button) })}
        />
      ))}
      <div className="flex flex-wrap gap-2">
        {BUTTON_KINDS.map(kind => (
          <Button
            key={kind}
            small
            icon={PlusIcon}
            disabled={isFull(kind)}
            onClick={() => change({ buttons: withButton(buttons, kind) })}
          >
            {t(`editor.button.${kind}`)}
          </Button>
        ))}
      </div>
    </fieldset>
  )
}

interface OneButtonProps {
  button: ButtonDraft
  at: number
  onChange(changes: Partial<ButtonDraft>): void
  onRemove(): void
}

function OneButton({ button: { kind, text, target, sample }, at, onChange, onRemove }: OneButtonProps) {
  const t = useText()
  const problem = useProblem()
  const isLink = kind === 'URL'
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-2 rounded-2 border border-line p-3" data-button={kind}>
      <div className="grid gap-3">
        {kind !== 'COPY_CODE' && (
          <Field
            label={t('editor.button.labelOf', { kind: t(`editor.button.${kind}`) })}
            aside={<Count of={text} most={MAX_LABEL} />}
            problem={problem(`button ${at} text`)}
          >
            {ids => <Input {...ids} dir="auto" value={text} onChange={event => onChange({ text: event.target.value })} />}
          </Field>
        )}
        {(isLink || kind === 'PHONE_NUMBER') && (
          <Field
            label={t(isLink ? 'editor.button.address' : 'editor.button.number')}
            hint={isLink && t('editor.button.address.hint')}
            problem={problem(`button ${at} target`)}
          >
            {ids => (
              <Input
                {...ids}
                dir="ltr"
                type={isLink ? 'url' : 'tel'}
                {...(!isLink && { maxLength: MAX_PHONE })}
                value={target}
                onChange={event => onChange({ target: event.target.value })}
              />
            )}
          </Field>
        )}
        {(kind === 'COPY_CODE' || (isLink && placeholdersOf(target).length > 0)) && (
          <Field
            label={t(isLink ? 'editor.button.address.sample' : 'editor.button.coupon')}
            problem={problem(`button ${at} sample`)}
          >
            {ids => (
              <Input
                {...ids}
                dir="ltr"
                {...(!isLink && { maxLength: MAX_COUPON_LENGTH })}
                value={sample}
                onChange={event => onChange({ sample: event.target.value })}
              />
            )}
          </Field>
        )}
      </div>
      <IconButton icon={TrashIcon} label={t('editor.button.remove', { n: at + 1 })} onClick={onRemove} />
    </div>
  )
}
