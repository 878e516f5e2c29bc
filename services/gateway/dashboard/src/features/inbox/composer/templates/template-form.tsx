import { useId, useRef, useState } from 'react'
import type { TemplateToSend } from '#shared/contracts/outbound.ts'
import type { ConversationView } from '#shared/contracts/views.ts'
import { sendMessage } from '../../../../lib/outbox/outbox.ts'
import type { Price, SendableTemplate } from '../../../../lib/templates/sendable.ts'
import { FilledPhone, useTemplateValues, ValueFields } from '../../../../ui/templates/template-values.tsx'
import LaterPanel from '../extras/later-panel.tsx'
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

/** The values of a template, how its reader sees it, what it costs, and the button that sends it. */
export function TemplateForm({ conversation, template, price, onUse, onSent, onCancel }: TemplateFormProps) {
  const form = useRef<HTMLFormElement>(null)
  const { id: conversationId, contact, candidateName } = conversation
  const given = useTemplateValues(form, template, contact.name ?? candidateName)
  const [isLater, setLater] = useState(false)
  const id = useId()
  const use = () => {
    const filled = given.filled()
    if (filled) onUse?.(filled.template, template.name)
  }
  const send = (sendAt?: string) => {
    const filled = given.filled()
    if (filled === null) return
    const { file, text } = filled
    sendMessage(
      {
        ...{ conversationId, path: '/messages/send-template' },
        body: { conversationId, ...filled.template, ...(sendAt && { sendAt }) },
        preview: { type: 'template', text, template: template.name },
        ...(file && { file: { name: file.name, type: file.type, size: file.size, into: 'headerMedia' as const } }),
      },
      file?.content,
    )
    onSent()
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
        <ValueFields template={template} given={given} />
        <FilledPhone template={template} values={given.values} />
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
