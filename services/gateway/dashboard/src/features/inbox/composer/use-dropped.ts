import { type RefObject, useEffect, useState } from 'react'
import { addFiles } from './add-files.ts'

/** Takes files that are dropped anywhere on the conversation. @returns whether some are held over it */
export function useDropped(conversationId: string, within: RefObject<HTMLElement | null>): boolean {
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    const pane = within.current?.closest<HTMLElement>('[data-pane]')
    if (!pane) return
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (!pane.contains(event.relatedTarget as Node | null)) setOver(false)
    }
    const drop = (event: DragEvent) => {
      setOver(false)
      if (!hasFiles(event)) return
      event.preventDefault()
      void addFiles(conversationId, [...(event.dataTransfer?.files ?? [])])
    }
    pane.addEventListener('dragover', over)
    pane.addEventListener('dragleave', leave)
    pane.addEventListener('drop', drop)
    return () => {
      pane.removeEventListener('dragover', over)
      pane.removeEventListener('dragleave', leave)
      pane.removeEventListener('drop', drop)
    }
  }, [conversationId, within])
  return isOver
}
