import { useEffect, useState } from 'react'

/** Address in this page of a file, for `<img>`, `<audio>` and `<video>`; null without a file, and until it is made. */
export function useObjectUrl(content: Blob | null | undefined): string | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (!content) return setUrl(null)
    const made = URL.createObjectURL(content)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [content])
  return url
}
