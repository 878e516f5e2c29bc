import type { ComponentProps } from 'react'

/** A choice out of few. */
export const Select = (props: ComponentProps<'select'>) => (
  <select
    {...props}
    className="min-h-(--control) w-full min-w-0 rounded-2 border border-line-strong bg-raised px-2 text-ui text-ink aria-invalid:border-fail pointer-coarse:text-[1rem]"
  />
)
