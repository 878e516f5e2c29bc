/** A file that cannot be read as CSV at all. The message is for whoever uploaded it and quotes nothing of the file. */
export class RefusedFile extends Error {
  override readonly name = 'RefusedFile'
  readonly code: 'CSV_INVALID' | 'ENCODING_UNKNOWN'
  constructor(code: RefusedFile['code'], message: string) {
    super(message)
    this.code = code
  }
}
