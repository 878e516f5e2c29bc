import { Fragment, useMemo } from 'react'
import { readText, type TextPart } from '../../../lib/whatsapp-text.ts'

/** What somebody wrote, with WhatsApp's marks and with links. Markup in it stays text. */
export function Formatted({ text }: { text: string }) {
  const parts = useMemo(() => readText(text), [text])
  return <Parts parts={parts} />
}

function Parts({ parts }: { parts: readonly TextPart[] }) {
  return parts.map((part, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
    <Fragment key={i}>
      <Part part={part} />
    </Fragment>
  ))
}

function Part({ part }: { part: TextPart }) {
  if (typeof part === 'string') return part
  switch (part.kind) {
    case 'bold':
      return (
        <b className="weight-name">
          <Parts parts={part.parts} />
        </b>
      )
    case 'italic':
      return (
        <i>
          <Parts parts={part.parts} />
        </i>
      )
    case 'strike':
      return (
        <s>
          <Parts parts={part.parts} />
        </s>
      )
    case 'code':
      return <code className="font-mono text-ui">{part.text}</code>
    case 'link':
      return (
        <a
          href={part.text}
          target="_blank"
          rel="noopener noreferrer nofollow"
          className="text-brand underline underline-offset-2"
        >
          {part.text}
        </a>
      )
  }
}
