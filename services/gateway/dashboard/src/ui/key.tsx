import type { ReactNode } from 'react'

/** A key, as it stands on the keyboard. Hidden where there is no keyboard. */
export function Key({ children }: { children: ReactNode }) {
  return (
    <kbd
      dir="ltr"
      className="min-w-5 rounded-1 border border-current px-1 text-center text-meta leading-4.5 font-normal pointer-coarse:hidden"
    >
      {children}
    </kbd>
  )
}
