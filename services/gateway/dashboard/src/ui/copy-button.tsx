import { useEffect, useState } from 'react'
import { useText } from '../lib/i18n/text.tsx'
import { IconButton } from './button.tsx'
import { CheckIcon, CopyIcon } from './icons.tsx'

const SHOWN_MS = 2000

/** Copies a text, and says so for a moment. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const t = useText()
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
  }
  return (
    <>
      <IconButton icon={isCopied ? CheckIcon : CopyIcon} label={label} small onClick={() => void copy().catch(() => undefined)} />
      <span role="status" className="sr-only">
        {isCopied && t('ui.copied')}
      </span>
    </>
  )
}
