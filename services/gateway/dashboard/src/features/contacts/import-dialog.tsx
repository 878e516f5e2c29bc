import { useState } from 'react'
import { saveFile } from '../../lib/data/media.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { FileInput } from '../../ui/file-input.tsx'
import { Bone } from '../../ui/states.tsx'
import { useContactsChange } from './data.ts'
import { FormProblem } from './form-problem.tsx'
import { columnsToChoose, importContacts, type Mapping, refusedRows } from './import-data.ts'
import { ImportResult } from './import-result.tsx'

/** A file is chosen, tried without changing anything, its columns named if need be, and then imported. */
export function ImportDialog({ onClose }: { onClose(): void }) {
  const t = useText()
  const { number } = useFormat()
  const [file, setFile] = useState<File | null>(null)
  const [mapping, setMapping] = useState<Mapping>({})
  const [columns, setColumns] = useState<string[]>([])
  const attempt = useContactsChange(importContacts)
  const final = useContactsChange(importContacts)
  const rows = useContactsChange(refusedRows)
  const tryOut = (chosen: File, named: Mapping) => {
    setFile(chosen)
    setMapping(named)
    final.reset()
    attempt.mutate(
      { file: chosen, mapping: named, dryRun: true },
      {
        onSuccess: ({ file: form }) => setColumns(form?.columns ?? []),
        onError: error => setColumns(known => columnsToChoose(error) ?? known),
      },
    )
  }
  const report = final.data ?? attempt.data
  const coming = (attempt.data?.created ?? 0) + (attempt.data?.updated ?? 0)
  return (
    <Dialog wide title={t('contacts.import')} onClose={onClose} canClose={!final.isPending}>
      <Field label={t('contacts.import.file')} hint={t('contacts.import.file.hint')}>
        {ids => (
          <FileInput
            {...ids}
            accept=".csv,.tsv,.txt,text/csv"
            disabled={final.isPending}
            chosen={file?.name}
            onChoose={chosen => {
              setColumns([])
              tryOut(chosen, {})
            }}
          />
        )}
      </Field>
      {file && columns.length > 0 && !final.data && (
        <MappingFields
          columns={columns}
          mapping={mapping}
          found={attempt.data?.file ?? null}
          isMissing={columnsToChoose(attempt.error) !== null}
          onChange={named => tryOut(file, named)}
        />
      )}
      <div aria-live="polite" className="grid gap-3">
        {attempt.isPending && <Bone width="100%" height="4rem" />}
        {columnsToChoose(attempt.error) === null && <FormProblem error={attempt.error} />}
        <FormProblem error={final.error ?? rows.error} />
        {report && !attempt.isPending && <ImportResult report={report} />}
      </div>
      <footer className="flex flex-wrap justify-end gap-2">
        {file && report && report.refused > 0 && (
          <Button
            busy={rows.isPending}
            onClick={() => rows.mutate({ file, mapping }, { onSuccess: csv => saveFile(csv, 'refused-rows.csv') })}
          >
            {t('contacts.import.refused.save')}
          </Button>
        )}
        <Button onClick={onClose} disabled={final.isPending}>
          {t(final.data ? 'ui.close' : 'ui.cancel')}
        </Button>
        {file && !final.data && (
          <Button
            kind="primary"
            disabled={!attempt.data || coming === 0 || attempt.isPending}
            busy={final.isPending}
            onClick={() => final.mutate({ file, mapping, dryRun: false })}
          >
            <Text id="contacts.import.submit" values={{ n: coming, count: number(coming) }} />
          </Button>
        )}
      </footer>
    </Dialog>
  )
}

interface MappingFieldsProps {
  columns: string[]
  mapping: Mapping
  found: { phoneColumn: string | null; nameColumns: string[] } | null
  /** No column of numbers was found. */
  isMissing: boolean
  onChange(mapping: Mapping): void
}

/** Which column is what: as it was found, or as somebody says. */
function MappingFields({ columns, mapping, found, isMissing, onChange }: MappingFieldsProps) {
  const t = useText()
  const { list } = useFormat()
  const foundNames = found && found.nameColumns.length > 0 ? list(found.nameColumns) : null
  return (
    <div className="grid grid-cols-2 gap-4 max-two:grid-cols-1">
      <ColumnField
        label={t('contacts.import.phoneColumn')}
        problem={isMissing && t('contacts.import.phoneColumn.missing')}
        columns={columns}
        value={mapping.phone}
        found={found?.phoneColumn ?? null}
        onChoose={phone => onChange({ ...(mapping.name && { name: mapping.name }), ...(phone && { phone }) })}
      />
      <ColumnField
        label={t('contacts.import.nameColumn')}
        columns={columns}
        value={mapping.name}
        found={foundNames}
        onChoose={name => onChange({ ...(mapping.phone && { phone: mapping.phone }), ...(name && { name }) })}
      />
    </div>
  )
}

interface ColumnFieldProps {
  label: string
  problem?: string | false
  columns: string[]
  value: string | undefined
  /** What the server took by itself. */
  found: string | null
  onChoose(column: string): void
}

function ColumnField({ label, problem, columns, value = '', found, onChoose }: ColumnFieldProps) {
  const t = useText()
  return (
    <Field label={label} problem={problem}>
      {ids => (
        <Select {...ids} value={value} onChange={event => onChoose(event.target.value)}>
          <option value="">
            {found && !value ? t('contacts.import.found', { column: found }) : t('contacts.import.byItself')}
          </option>
          {[...new Set(columns)].filter(Boolean).map(column => (
            <option key={column} value={column}>
              {column}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}
