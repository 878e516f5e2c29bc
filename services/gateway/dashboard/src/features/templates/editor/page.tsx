import { useEffect, useState } from 'react'
import { request } from '../../../lib/api/client.ts'
import { useRepeatKey } from '../../../lib/api/repeat-key.ts'
import { useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { NoRight } from '../../../ui/no-right.tsx'
import type { Template } from '../data.ts'
import { About } from './about.tsx'
import { type Draft, EMPTY, inputOf } from './draft.ts'
import { EditorForm } from './editor-form.tsx'
import { EditorHead } from './editor-head.tsx'
import { faultsOf } from './problems.ts'

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
      <EditorHead>{t('editor.title')}</EditorHead>
      <Editor />
    </div>
  )
}

function Editor() {
  const t = useText()
  const [draft, setDraft] = useState<Draft>(EMPTY)
  const key = useRepeatKey()
  const send = async (): Promise<Template> => {
    try {
      return await request('POST', '/templates', { body: inputOf(draft), idempotencyKey: key.current() })
    } catch (error) {
      key.onError(error)
      throw error
    }
  }
  return (
    <EditorForm
      draft={draft}
      faults={faultsOf(draft)}
      isDirty={draft !== EMPTY}
      submit="editor.submit"
      refused="editor.refused"
      review={t('editor.review')}
      onChange={setDraft}
      send={send}
    >
      {change => <About draft={draft} change={change} />}
    </EditorForm>
  )
}
