import { sentencesOf } from './sentence.ts'

/** Why a row of an import or of an audience is refused, and why an audience cannot be read at all: English texts by key. */
export const ROW_PROBLEMS = {
  'phone-invalid': 'The phone number is not valid.',
  'phone-exponent':
    'The phone number was written by a spreadsheet with an exponent, so digits are lost. Format the column as text and enter the number again.',
  'phone-fraction':
    'The phone number has a fraction, as a spreadsheet writes it. Format the column as text and enter the number again.',
  'phone-reversed': 'The phone number contains a mark that shows its digits in reverse order. Type the number again.',
  'phone-several': 'The field contains more than one phone number. Keep one of them.',
  'phone-ambiguous':
    'The phone number is valid both in your country and as one of another country. Write it with + and the country code.',
  'user-id-invalid': 'The user id is not a business-scoped user id.',
  'person-missing': 'The row has neither a phone number nor a user id.',
  'name-too-long': 'The name is longer than {most} characters.',
  'opt-out-unclear': 'The opt-out is neither yes nor no.',
  'attributes-too-many': 'The row has more than {most} attributes.',
  'attribute-too-long': 'The attribute {attribute} is longer than {most} characters.',
  'contact-repeated': 'The contact is already in row {row}.',
  'row-too-long': 'The row is longer than {most} KB.',
  'row-quotes': 'A quotation mark of the row is not closed, or stands in the middle of a cell.',
  'row-unreadable': 'The row contains characters that cannot be read.',
  'column-empty': 'The column {column} is empty.',
  'column-phone-invalid': 'The column {column} contains no valid phone number.',
  'column-file-invalid': 'The column {column} contains neither an https link nor the id of a file.',
  'contact-in-audience': 'The contact is already in the audience',
  'contact-opted-out': 'The contact has opted out of marketing messages',
  'contact-blocked': 'The contact is blocked',
  'contact-erased': 'erased',
  'column-missing': 'There is no column {column}. The file has: {columns}',
  'file-gone': 'The audience file no longer exists. Upload it again.',
} as const
export type RowProblemKey = keyof typeof ROW_PROBLEMS

/** Sentence about a row or an audience. */
export const rowProblem = sentencesOf<RowProblemKey>(ROW_PROBLEMS)
