import type { SentenceKey } from '#shared/domain/sentence.ts'
import { Problem, type RequestOptions, request, requestBlob } from '../../lib/api/client.ts'

/** Columns that hold the numbers and names; what is missing is found by its usual names. */
export interface Mapping {
  phone?: string
  name?: string
}

export interface ImportReport {
  dryRun: boolean
  read: number
  created: number
  updated: number
  unchanged: number
  refused: number
  /** The first 10,000; `row` counts from 1 without the header. */
  refusedRows: { row: number; value: string; problem: string; problemKey: SentenceKey }[]
  file: { columns: string[]; phoneColumn: string | null; nameColumns: string[] } | null
}

export interface ImportOrder {
  file: File
  mapping: Mapping
  dryRun: boolean
}

const optionsOf = ({ file, mapping, dryRun }: ImportOrder): RequestOptions => ({
  // What a system calls the type of a CSV differs.
  file: new Blob([file], { type: 'text/csv' }),
  query: { ...mapping, ...(dryRun && { dryRun }) },
})

export const importContacts = (order: ImportOrder): Promise<ImportReport> => request('POST', '/contacts/import', optionsOf(order))

/** The refused rows as a CSV, to be corrected and imported again. */
export function refusedRows(order: Omit<ImportOrder, 'dryRun'>): Promise<Blob> {
  const options = optionsOf({ ...order, dryRun: true })
  return requestBlob('POST', '/contacts/import', { ...options, query: { ...options.query, report: 'csv' } })
}

/** Columns of a file in which no numbers were found; null for any other error. */
export function columnsToChoose(error: unknown): string[] | null {
  if (!(error instanceof Problem) || error.errorCode !== 'COLUMN_MISSING') return null
  return Array.isArray(error.extra.columns) ? error.extra.columns.map(String) : []
}
