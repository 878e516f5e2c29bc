import { useId, useRef, useState } from 'react'
import type { TemplateToSend } from '#shared/contracts/outbound.ts'
import type { ConversationView } from '#shared/contracts/views.ts'
import { useText } from '../../../../lib/i18n/text.tsx'
import { sendMessage } from '../../../../lib/outbox/outbox.ts'
import { Field, Input } from '../../../../ui/field.tsx'
import { Phone } from '../../../../ui/templates/phone.tsx'
import { chosenFile } from '../check-file.ts'
import LaterPanel from '../extras/later-panel.tsx'
import type { ChosenFile } from '../state.ts'
import { PlaceField } from './place-field.tsx'
import { fillIn, headerKind, knownValues, type Price, placesOf, type SendableTemplate } from './sendable.ts'
import { TemplateFooter } from './template-footer.tsx'

interface TemplateFormProps {
  conversation: ConversationView
  template: SendableTemplate
  price: Price | undefined
  /** Takes the filled template; missing: it is sent. */
  onUse?(template: TemplateToSend, name: string): void
  onSent(): void
  onCancel?(): void
}

const TYPES = { image: 'image/jpeg,image/png', video: 'video/mp4,video/3gpp', document: undefined }

/** The values of a template, how its reader sees it, what it costs, and the button that sends it. */
export function TemplateForm({ conversation, template, price, onUse, onSent, onCancel }: TemplateFormProps) {
  const t = useText()
  const kind = headerKind(template)
  const { form, values, setValue, setFile, problems, fileProblem, filled, send } = useTemplateForm(conversation, template, onSent)
  const [isLater, setLater] = useState(false)
  const id = useId()
  const use = () => {
    const given = filled()
    if (given) onUse?.(given, template.name)
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <form
        id={id}
        ref={form}
        noValidate
        className="grid min-h-0 flex-1 content-start gap-3 overflow-auto p-4 max-two:p-3"
        onSubmit={event => {
          event.preventDefault()
          event.stopPropagation()
          onUse ? use() : send()
        }}
      >
        <div className="grid gap-3 @min-[50rem]:grid-cols-2">
          {kind && (
            <Field
              label={t(`templates.header.${kind.toUpperCase() as 'IMAGE'}`)}
              problem={fileProblem ? t('composer.file.type') : problems[''] && t('composer.template.file')}
            >
              {ids => (
                <Input {...ids} type="file" accept={TYPES[kind]} onChange={event => setFile(event.target.files?.[0] ?? null)} />
              )}
            </Field>
          )}
          {placesOf(template).map(place => (
            <PlaceField
              key={place.name}
              place={place}
              value={values[place.name] ?? ''}
              problem={problems[place.name]}
              onChange={value => setValue(place.name, value)}
            />
          ))}
        </div>
        <figure
          aria-label={t('composer.template.preview')}
          className="max-w-full @min-[38rem]:w-88 @min-[38rem]:justify-self-end"
        >
          <Phone template={{ components: template.components, variables: filledVariables(template, values) }} />
        </figure>
      </form>
      {isLater && <LaterPanel windowExpiresAt={null} fallback={null} canSend onChoose={send} onClose={() => setLater(false)} />}
      <TemplateFooter
        formId={id}
        category={template.category}
        price={price}
        isForUse={onUse !== undefined}
        isLater={isLater}
        onLater={() => setLater(!isLater)}
        {...(onCancel && { onCancel })}
      />
    </div>
  )
}

/** What was typed into the form of a template, what is wrong with it, and how it goes out. */
function useTemplateForm(
  { id: conversationId, contact, candidateName }: ConversationView,
  template: SendableTemplate,
  onSent: () => void,
) {
  const form = useRef<HTMLFormElement>(null)
  const [values, setValues] = useState(() => knownValues(template, contact.name ?? candidateName))
  const [file, setFile] = useState<ChosenFile | null>(null)
  const [isAsked, setAsked] = useState(false)
  const fill = fillIn(template, values, file !== null)
  const fileProblem = file !== null && file.kind !== headerKind(template)
  const filled = (): TemplateToSend | null => {
    setAsked(true)
    if (fill.problems || fileProblem) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus())
      return null
    }
    const names = new Set(placesOf(template).map(({ name }) => name))
    return { templateId: template.id, variables: Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name))) }
  }
  const send = (sendAt?: string) => {
    const given = filled()
    if (given === null) return
    sendMessage(
      {
        ...{ conversationId, path: '/messages/send-template' },
        body: { conversationId, ...given, ...(sendAt && { sendAt }) },
        preview: { type: 'template', text: fill.text, template: template.name },
        ...(file && { file: { name: file.name, type: file.type, size: file.size, into: 'headerMedia' as const } }),
      },
      file?.content,
    )
    onSent()
  }
  return {
    ...{ form, values, fileProblem, filled, send },
    problems: (isAsked && fill.problems) || ({} as Record<string, string>),
    setValue: (name: string, value: string) => setValues({ ...values, [name]: value }),
    setFile: (chosen: File | null) => setFile(chosen && chosenFile(chosen)),
  }
}

/** The variables with what was typed as their samples; what is empty stays a place. */
const filledVariables = ({ variables }: SendableTemplate, values: Readonly<Record<string, string>>) =>
  variables.map(variable => ({ ...variable, example: values[variable.name]?.trim() || null }))
