import { useMemo } from 'react'
import { readText, type TextPart } from '../lib/whatsapp-text.ts'

interface FormattedProps {
  text: string
  /** Links lead nowhere, as in the preview of a sample. */
  isSample?: boolean
}

/** What somebody wrote, with WhatsApp's marks and with links. Markup in it stays text. */
export function Formatted({ text, isSample = false }: FormattedProps) {
  const parts = useMemo(() => readText(text), [text])
  return <Parts parts={parts} isSample={isSample} />
}

const MARKS = { bold: 'b', italic: 'i', strike: 's' } as const

function Parts({ parts, isSample }: { parts: readonly TextPart[]; isSample: boolean }) {
  return parts.map((part, i) => {
    const key = `${i}`
    if (typeof part === 'string') return part
    if ('text' in part)
      return part.kind === 'link' ? (
        <Address key={key} text={part.text} isSample={isSample} />
      ) : (
        <code key={key} className="font-mono text-ui">
          {part.text}
        </code>
      )
    const Mark = MARKS[part.kind]
    return (
      <Mark key={key} className={part.kind === 'bold' ? 'weight-name' : undefined}>
        <Parts parts={part.parts} isSample={isSample} />
      </Mark>
    )
  })
}

function Address({ text, isSample }: { text: string; isSample: boolean }) {
  if (isSample) return <span className="text-brand">{text}</span>
  return (
    <a href={text} target="_blank" rel="noopener noreferrer nofollow" className="text-brand underline underline-offset-2">
      {text}
    </a>
  )
}
