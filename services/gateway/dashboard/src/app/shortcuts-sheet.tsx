import { useState } from 'react'
import { Text, useText } from '../lib/i18n/text.tsx'
import { setPreference, usePreferences } from '../lib/preferences.ts'
import { BINDINGS, isMac, shownOn } from '../lib/shortcuts/bindings.ts'
import { isBound } from '../lib/shortcuts/shortcuts.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Check } from '../ui/field.tsx'
import { Key } from '../ui/key.tsx'

const GROUPS = ['everywhere', 'list', 'conversation'] as const

/** The keys that do something here, from the table that binds them. */
export default function ShortcutsSheet({ onClose }: { onClose(): void }) {
  const t = useText()
  const [bound] = useState(() => BINDINGS.filter(({ id }) => isBound(id)))
  const singleKeys = usePreferences(state => state.singleKeys)
  return (
    <Dialog title={t('app.shortcuts.title')} onClose={onClose} wide>
      <div className="columns-[16rem] gap-8">
        {GROUPS.filter(group => bound.some(binding => binding.group === group)).map(group => (
          <section key={group} className="mb-4 break-inside-avoid">
            <h3 className="mb-1">{t(`app.shortcuts.${group}`)}</h3>
            <dl>
              {bound
                .filter(binding => binding.group === group)
                .map(({ id, shown, text }) => (
                  <div key={id} className="flex min-h-7 items-center justify-between gap-4 border-t border-line py-0.5">
                    <dt>
                      <Text id={text} />
                    </dt>
                    <dd dir="ltr" className="flex shrink-0 gap-1 text-ink-2">
                      {shownOn(shown, isMac()).map(key => (
                        <Key key={key}>{key}</Key>
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
      <Check
        label={t('app.shortcuts.single')}
        checked={singleKeys}
        onChange={event => setPreference('singleKeys', event.target.checked)}
      />
    </Dialog>
  )
}
