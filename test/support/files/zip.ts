import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import yauzl from 'yauzl'

/** The files of a ZIP by name, in its order; yauzl checks sizes and sums. */
export async function readZip(bytes: Buffer): Promise<Record<string, Buffer>> {
  const open = promisify<Buffer, yauzl.Options, yauzl.ZipFile>(yauzl.fromBuffer)
  const zip = await open(bytes, { lazyEntries: true })
  const files: Record<string, Buffer> = {}
  return await new Promise((resolve, reject) => {
    zip.on('entry', (entry: yauzl.Entry) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error)
        buffer(stream).then(content => {
          files[entry.fileName] = content
          zip.readEntry()
        }, reject)
      })
    })
    zip.once('end', () => resolve(files))
    zip.once('error', reject)
    zip.readEntry()
  })
}
