import { createHash } from 'node:crypto'
import { parseArgs, promisify } from 'node:util'
import yauzl from 'yauzl'
import {
  type EvidenceManifest,
  type EvidenceVerdict,
  type Found,
  MANIFEST,
  SIGNATURE,
  verifyEvidence,
} from '#shared/auth/evidence.ts'

const USAGE = 'usage: npm run verify-evidence -- file.zip [--key sha256:<fingerprint>]'
/** Of the manifest and the signature, which are read as a whole. */
const MOST_BYTES = 1024 * 1024

/** Reads a bundle, file by file, without unpacking it. @throws Error for what is no ZIP, or a damaged one */
export async function readBundle(path: string): Promise<Found> {
  const open = promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open)
  const zip = await open(path, { lazyEntries: true, autoClose: true })
  const found: Found = { manifest: null, signature: null, files: [] }
  await new Promise<void>((resolve, reject) => {
    zip.on('entry', (entry: yauzl.Entry) => {
      readEntry(zip, entry, found).then(() => zip.readEntry(), reject)
    })
    zip.once('end', () => resolve())
    zip.once('error', reject)
    zip.readEntry()
  })
  return found
}

async function readEntry(zip: yauzl.ZipFile, entry: yauzl.Entry, found: Found): Promise<void> {
  const stream = await promisify<yauzl.Entry, NodeJS.ReadableStream>(zip.openReadStream.bind(zip))(entry)
  const { fileName: name } = entry
  const isWhole = (name === MANIFEST && found.manifest === null) || (name === SIGNATURE && found.signature === null)
  if (isWhole && entry.uncompressedSize > MOST_BYTES) throw new Error(`${name} is too large.`)
  const hash = createHash('sha256')
  const kept: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    const part = chunk as Buffer
    hash.update(part)
    bytes += part.length
    if (isWhole) kept.push(part)
  }
  if (name === MANIFEST && isWhole) found.manifest = Buffer.concat(kept)
  else if (name === SIGNATURE && isWhole) found.signature = Buffer.concat(kept)
  else found.files.push({ name, bytes, sha256: hash.digest('hex') })
}

/** What the verifier prints, line by line. */
export function linesOf({ problems, manifest, isExpectedKey }: EvidenceVerdict): string[] {
  const about = manifest
    ? [
        `${subjectOf(manifest)}, account ${manifest.tenantId}`,
        ...(manifest.redacted.length > 0 ? [`Left out by choice: ${manifest.redacted.join(', ')}`] : []),
        `Signed at ${manifest.createdAt}, by the clock of ${manifest.installation}`,
        `Key ${manifest.key.fingerprint}${isExpectedKey ? ', as expected' : ''}`,
      ]
    : []
  if (problems.length > 0) return [...about, ...problems, 'NOT VALID']
  const whose = isExpectedKey
    ? []
    : ['Compare the fingerprint with the one that the operator tells you (--key): anybody can sign with a key of their own.']
  const limits =
    'It proves that the holder of the key signed these files, not that WhatsApp sent them nor that the times are right.'
  return [...about, `All ${manifest?.files.length} files are as they were signed.`, ...whose, limits, 'VALID']
}

function subjectOf({ about }: EvidenceManifest): string {
  if (about.kind === 'message') return `Message ${about.messageId} (${about.externalMessageId ?? 'no id of WhatsApp'})`
  return `Conversation ${about.conversationId}, ${about.messages} messages from ${about.from} until before ${about.to}`
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { key: { type: 'string' } }, allowPositionals: true })
  const [file] = positionals
  if (file === undefined || positionals.length > 1) {
    console.error(USAGE)
    return 2
  }
  try {
    const verdict = verifyEvidence(await readBundle(file), values.key ?? null)
    for (const line of linesOf(verdict)) console.log(line)
    return verdict.problems.length === 0 ? 0 : 1
  } catch (error) {
    console.error(`The file cannot be read: ${error instanceof Error ? error.message : error}`)
    return 1
  }
}

if (import.meta.main) process.exitCode = await main()
