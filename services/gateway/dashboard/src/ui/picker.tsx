import * as Ariakit from '@ariakit/react'
import { useLingui } from '@lingui/react'
import clsx from 'clsx'
import { type ReactNode, useDeferredValue, useState } from 'react'
import { directionOf, type Language } from '../lib/i18n/languages.ts'
import { useText } from '../lib/i18n/text.tsx'
import { Dialog } from './dialog.tsx'
import { CheckIcon, Icon, SearchIcon } from './icons.tsx'

export interface PickerEntry {
  key: string
  /** What is shown unless there is `content`, and what the typed words are compared with. */
  text: string
  content?: ReactNode
  /** Before the words. */
  icon?: ReactNode
  /** At the end of the row. */
  hint?: ReactNode
  /** True: cannot be chosen; `hint` says why. */
  isDisabled?: boolean
}

interface PickerProps {
  title: string
  entries: readonly PickerEntry[]
  /** Several can be chosen: keys of those that are. The picker stays open then. */
  chosen?: readonly string[]
  onChoose(key: string): void
  onClose(): void
  /** What it says when there is nothing to choose from. */
  none?: ReactNode
  /** Below the list. */
  children?: ReactNode
}

/** Chooses from a list: typed words filter, Enter takes the first, arrows move, Esc closes. In a chunk of its own: `lazy(…)`. */
export function Picker({ title, entries, chosen, onChoose, onClose, none, children }: PickerProps) {
  const t = useText()
  const rtl = directionOf(useLingui().i18n.locale as Language) === 'rtl'
  const [typed, setTyped] = useState('')
  // On a phone the keyboard would cover what can be chosen.
  const [isFine] = useState(() => window.matchMedia('(pointer: fine)').matches)
  const words = useDeferredValue(typed.trim())
  const shown = entries.filter(({ text }) => matches(text, words))
  return (
    <Dialog title={title} onClose={onClose}>
      <Ariakit.ComboboxProvider open rtl={rtl} setValue={setTyped}>
        <div className="relative">
          <Icon of={SearchIcon} className="pointer-events-none absolute inset-y-0 start-2.5 my-auto text-ink-3" />
          <Ariakit.Combobox
            data-autofocus={isFine || undefined}
            autoSelect="always"
            dir={typed ? 'auto' : undefined}
            aria-label={title}
            placeholder={t('ui.picker.hint')}
            className="min-h-(--control) w-full rounded-2 border border-line-strong bg-raised ps-8.5 pe-3 pointer-coarse:min-h-11 pointer-coarse:text-[1rem]"
          />
        </div>
        <Ariakit.ComboboxList alwaysVisible aria-multiselectable={chosen ? true : undefined} className="max-h-80 overflow-auto">
          {shown.map(entry => (
            <Item
              key={entry.key}
              entry={entry}
              isChosen={chosen?.includes(entry.key)}
              onChoose={() => {
                if (chosen === undefined) onClose()
                onChoose(entry.key)
              }}
            />
          ))}
        </Ariakit.ComboboxList>
        {shown.length === 0 && (
          <p className="px-2 py-3 text-ink-2">{entries.length === 0 && none ? none : t('ui.picker.none')}</p>
        )}
      </Ariakit.ComboboxProvider>
      {children}
    </Dialog>
  )
}

interface ItemProps {
  entry: PickerEntry
  /** Undefined: only one can be chosen, and none is marked. */
  isChosen: boolean | undefined
  onChoose(): void
}

const Item = ({ entry: { text, content, icon, hint, isDisabled = false }, isChosen, onChoose }: ItemProps) => (
  <Ariakit.ComboboxItem
    focusOnHover
    setValueOnClick={false}
    hideOnClick={false}
    disabled={isDisabled}
    accessibleWhenDisabled
    aria-selected={isChosen}
    onClick={onChoose}
    className="flex min-h-9 cursor-default items-center gap-2.5 rounded-2 px-2 data-active-item:bg-brand-soft data-active-item:text-brand aria-disabled:text-ink-3 pointer-coarse:min-h-11"
  >
    {isChosen !== undefined && <Icon of={CheckIcon} size={16} className={clsx(!isChosen && 'invisible')} />}
    {icon}
    <span className="min-w-0 flex-1 truncate">{content ?? <bdi>{text}</bdi>}</span>
    {hint && <span className="shrink-0 text-meta text-ink-3">{hint}</span>}
  </Ariakit.ComboboxItem>
)

const folded = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()
const matches = (text: string, words: string) =>
  folded(words)
    .split(/\s+/)
    .every(word => folded(text).includes(word))
