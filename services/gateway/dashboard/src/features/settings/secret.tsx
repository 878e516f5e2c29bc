import { useState } from 'react'
import { useText } from '../../lib/i18n/text.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyIcon } from '../../ui/icons.tsx'

/** What is shown once, to be copied: a key, or recovery codes. */
export function Secret({ text }: { text: string }) {
  const t = useText()
  const [isCopied, setCopied] = useState(false)
  const copy = () =>
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => undefined,
    )
  return (
    <div className="grid gap-2">
      <pre
        dir="ltr"
        className="rounded-2 border border-line bg-sunk px-3 py-2 font-mono text-meta break-all whitespace-pre-wrap select-all"
      >
        {text}
      </pre>
      <div>
        <Button icon={CopyIcon} onClick={() => void copy()}>
          {t(isCopied ? 'settings.copied' : 'settings.copy')}
        </Button>
      </div>
    </div>
  )
}
