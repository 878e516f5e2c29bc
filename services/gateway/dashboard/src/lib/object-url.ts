import { useEffect, useState } from 'react'

/** Address in this page of a file, for `<img>`, `<audio>` and `<video>`; null without a file, and until it is made. */
export function useObjectUrl(content: Blob | null | undefined): string | null {
  const [made, setMade] = useState<{ content: Blob; url: string } | null>(null)
  useEffect(() => {
    if (!content) return
    const url = URL.createObjectURL(content)
    setMade({ content, url })
    return () => URL.revokeObjectURL(url)
  }, [content])
  // That of an earlier file ends with this render: nothing may begin to load it.
  return made && made.content === content ? made.url : null
}
