import { type Sentence, sentencesOf } from '../../domain/sentence.ts'

/** Why a file cannot be read as CSV at all: English texts by key. */
export const FILE_PROBLEMS = {
  'file-no-text': 'The file is no text file. Save the table as "CSV UTF-8" and upload that file.',
  'file-zip': 'The file is a ZIP archive or a workbook, such as .xlsx. Save the table as "CSV UTF-8" and upload that file.',
  'file-xlsx': 'The file is an Excel workbook (.xlsx). Save the table as "CSV UTF-8" and upload that file.',
  'file-ods': 'The file is a LibreOffice spreadsheet (.ods). Save the table as "CSV UTF-8" and upload that file.',
  'file-xls': 'The file is an old Excel workbook (.xls). Save the table as "CSV UTF-8" and upload that file.',
  'file-pdf': 'The file is a PDF. Save the table as "CSV UTF-8" and upload that file.',
  'file-other': 'The file is a file of the type {type}. Save the table as "CSV UTF-8" and upload that file.',
  'encoding-utf-32': 'The file is encoded as UTF-32. Save the file as "CSV UTF-8" and upload it again.',
  'encoding-damaged':
    'The file is encoded as {encoding}, but some of its characters are damaged. Save the file as "CSV UTF-8" and upload it again.',
  'encoding-other': 'The file is not encoded as {encoding}. Save the file as "CSV UTF-8" and upload it again.',
  'encoding-unknown': 'The encoding of the file is not known. Save the file as "CSV UTF-8" and upload it again.',
  'encoding-ambiguous': 'The file could be encoded as {first} or as {second}. Save the file as "CSV UTF-8" and upload it again.',
} as const
export type FileProblemKey = keyof typeof FILE_PROBLEMS

/** Sentence about a file. */
export const fileProblem = sentencesOf<FileProblemKey>(FILE_PROBLEMS)

/** A file that cannot be read as CSV at all. The message is for whoever uploaded it and quotes nothing of the file. */
export class RefusedFile extends Error {
  override readonly name = 'RefusedFile'
  readonly code: 'CSV_INVALID' | 'ENCODING_UNKNOWN'
  readonly sentence: Sentence
  constructor(code: RefusedFile['code'], sentence: Sentence) {
    super(sentence.text)
    this.code = code
    this.sentence = sentence
  }
}
