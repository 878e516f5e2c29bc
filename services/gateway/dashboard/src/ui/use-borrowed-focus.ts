import { type RefObject, useEffect } from 'react'

/** Gives the focus to what has been opened, and back to where it was once that is closed. @param isOn false: leaves it where it is */
export function useBorrowedFocus(target: RefObject<HTMLElement | null>, isOn = true): void {
  useEffect(() => {
    if (!isOn) return
    const opener = document.activeElement
    target.current?.focus()
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
    }
  }, [target, isOn])
}
