import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { getBlob } from '../../lib/api/client.ts'
import { saveFile } from '../../lib/data/media.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { Button } from '../../ui/button.tsx'
import { PlusIcon } from '../../ui/icons.tsx'
import { CreateDialog } from './create-dialog.tsx'
import { WriteButton } from './first-message/write-button.tsx'
import { ImportDialog } from './import-dialog.tsx'
import { useFail } from './opt-out-switch.tsx'

/** What is done with all contacts: export, import, a new one. */
export function Actions({ onCreated }: { onCreated(id: string): void }) {
  const t = useText()
  const [open, setOpen] = useState<'create' | 'import' | null>(null)
  const [mayWrite, mayImport, mayExport] = [useMay('contacts.write'), useMay('contacts.import'), useMay('contacts.export')]
  const save = useMutation({ mutationFn: () => getBlob('/contacts/export.csv') })
  const fail = useFail()
  const close = () => setOpen(null)
  return (
    <div className="flex flex-wrap gap-2">
      {mayExport && (
        <Button
          busy={save.isPending}
          onClick={() => save.mutate(undefined, { onSuccess: csv => saveFile(csv, 'contacts.csv'), onError: fail })}
        >
          {t('contacts.export')}
        </Button>
      )}
      {mayImport && <Button onClick={() => setOpen('import')}>{t('contacts.import')}</Button>}
      <WriteButton contact={null} />
      {mayWrite && (
        <Button kind="primary" icon={PlusIcon} onClick={() => setOpen('create')}>
          {t('contacts.create')}
        </Button>
      )}
      {open === 'import' && <ImportDialog onClose={close} />}
      {open === 'create' && (
        <CreateDialog
          onClose={close}
          onCreated={id => {
            close()
            onCreated(id)
          }}
        />
      )}
    </div>
  )
}
