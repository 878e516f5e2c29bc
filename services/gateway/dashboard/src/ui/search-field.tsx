import { Input } from './field.tsx'
import { Icon, SearchIcon } from './icons.tsx'
import { useTyped } from './use-typed.ts'

/** A search above a list. What is typed goes into the address after a pause. */
export function SearchField({ label, q, onChange }: { label: string; q: string; onChange(typed: string): void }) {
  const [typed, setTyped] = useTyped(q, onChange)
  return (
    <div className="relative min-w-60 flex-1 max-two:min-w-full">
      <Icon of={SearchIcon} className="pointer-events-none absolute inset-y-0 start-2.5 my-auto text-ink-3" />
      <Input
        type="search"
        dir="auto"
        maxLength={100}
        aria-label={label}
        placeholder={label}
        value={typed}
        onChange={event => setTyped(event.target.value)}
        className="ps-8.5"
      />
    </div>
  )
}
