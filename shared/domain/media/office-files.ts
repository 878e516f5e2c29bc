/** Office files by what is in their ZIP, because programs other than Microsoft's begin it in another order. */

const OPEN_XML = 'application/vnd.openxmlformats-officedocument'
export const DOCX = `${OPEN_XML}.wordprocessingml.document`
export const XLSX = `${OPEN_XML}.spreadsheetml.sheet`
export const PPTX = `${OPEN_XML}.presentationml.presentation`

const FOLDERS: readonly (readonly [string, string, string])[] = [
  ['word/', DOCX, 'application/vnd.ms-word.document.macroenabled.12'],
  ['xl/', XLSX, 'application/vnd.ms-excel.sheet.macroenabled.12'],
  ['ppt/', PPTX, 'application/vnd.ms-powerpoint.presentation.macroenabled.12'],
]

/** MIME type of an Office file of Open XML; null for any other ZIP. @param names of the entries */
export function officeType(names: readonly string[]): string | null {
  if (!names.includes('[Content_Types].xml')) return null
  for (const [folder, plain, withMacros] of FOLDERS)
    if (names.some(name => name.startsWith(folder))) return names.includes(`${folder}vbaProject.bin`) ? withMacros : plain
  return null
}

/** Office types by the ending of a file name: the containers of old files and of encrypted ones do not show what is in them. */
export const OFFICE_ENDINGS: Readonly<Record<string, string>> = {
  doc: 'application/msword',
  dot: 'application/msword',
  xls: 'application/vnd.ms-excel',
  ppt: 'application/vnd.ms-powerpoint',
  pps: 'application/vnd.ms-powerpoint',
  docx: DOCX,
  xlsx: XLSX,
  pptx: PPTX,
}
