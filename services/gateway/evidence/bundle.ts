import { createHash } from 'node:crypto'
import { type EvidenceKey, type EvidenceManifest, type FoundFile, MANIFEST, SIGNATURE } from '#shared/auth/evidence.ts'
import type { MessageDoc } from '#shared/model/documents.ts'
import { ObjectNotFound } from '#shared/storage/object-storage.ts'
import { mediaKey } from '#shared/storage/open.ts'
import type { ZipEntry } from '#shared/storage/zip.ts'
import { timelineOf } from '#shared/views/timeline.ts'
import { traceOf } from '#shared/views/trace.ts'
import { messageDetailView } from '#shared/views/views.ts'
import { mediaName } from '../contacts/export-person.ts'
import type { GatewayDeps } from '../deps.ts'
import { readTraceFacts } from './trace.ts'

type Deps = Pick<GatewayDeps, 'store' | 'storage' | 'config' | 'now'>

const README = `Evidence about one message.

message.json    the message as it is stored, with every attempt and every report
timeline.json   the same as steps with durations
trace.json      each hop through the platform with its time
request.json    what was posted to WhatsApp, without recipient; only of a message that went out
webhooks.json   what WhatsApp reported about the message, as it was received; kept for 30 days
media/          the file of the message, if it has one that is stored
manifest.json   the SHA-256 of each of these files, and the public key
manifest.sig    the Ed25519 signature of manifest.json

Check it with the program of the platform: npm run verify-evidence -- <this file> --key <fingerprint>
The fingerprint must come to you on another way than this file: from the operator of the installation.

What it proves: the installation that holds the key signed exactly these files, and nothing was changed since.
What it does not prove: that WhatsApp sent the reports (their signature is made with a secret that the installation knows too), that
the times are right (they are those of the installation's own clocks), or that nothing was left out. Whoever holds the encryption
key of the installation can sign anything. WhatsApp can confirm the ids that begin with "wamid".
`

/** The files of a bundle, hashed while they are sent; the manifest and its signature come last. */
export async function* evidenceFiles(deps: Deps, message: MessageDoc, key: EvidenceKey): AsyncGenerator<ZipEntry> {
  const at = deps.now()
  const files: FoundFile[] = []
  for await (const entry of contents(deps, message, at)) yield { ...entry, content: hashed(entry, files) }
  const manifest = Buffer.from(`${JSON.stringify(manifestOf(deps, message, key, { at, files }), null, 2)}\n`)
  yield { name: MANIFEST, at, content: manifest }
  yield { name: SIGNATURE, at, content: `${key.sign(manifest)}\n` }
}

async function* contents(deps: Deps, message: MessageDoc, at: Date): AsyncGenerator<ZipEntry> {
  const facts = await readTraceFacts(deps.store, message)
  const json = (name: string, value: unknown): ZipEntry => ({ name, at, content: `${JSON.stringify(value, null, 2)}\n` })
  yield { name: 'README.txt', at, content: README }
  yield json('message.json', messageDetailView(message, at))
  yield json('timeline.json', timelineOf(message, at).steps)
  yield json('trace.json', traceOf(message, facts, at))
  if (message.payload) yield json('request.json', message.payload)
  const webhooks = facts.webhooks.map(({ _id, receivedAt, processedAt, status, payload }) => ({
    id: _id,
    receivedAt,
    processedAt,
    status,
    payload,
  }))
  yield json('webhooks.json', webhooks)
  const { media } = message.content
  if (media?.state !== 'STORED') return
  const content = await deps.storage.get(mediaKey(message.tenantId, media.id)).catch(error => {
    if (error instanceof ObjectNotFound) return null
    throw error
  })
  if (content !== null) yield { name: mediaName(message), at: message.at, content }
}

/** The content of a file as it passes; its size and hash are noted when it has passed. */
async function* hashed({ name, content }: ZipEntry, files: FoundFile[]): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let bytes = 0
  const parts = typeof content === 'string' || content instanceof Uint8Array ? [content] : content
  for await (const part of parts) {
    const chunk = typeof part === 'string' ? Buffer.from(part) : part
    hash.update(chunk)
    bytes += chunk.length
    yield chunk
  }
  files.push({ name, bytes, sha256: hash.digest('hex') })
}

function manifestOf(
  { config }: Deps,
  { _id, tenantId, wamid }: MessageDoc,
  { fingerprint, publicKey }: EvidenceKey,
  { at, files }: { at: Date; files: FoundFile[] },
): EvidenceManifest {
  return {
    format: 'linko-evidence',
    version: 1,
    createdAt: at.toISOString(),
    installation: config.BASE_URL,
    tenantId: String(tenantId),
    messageId: String(_id),
    externalMessageId: wamid ?? null,
    key: { algorithm: 'Ed25519', fingerprint, publicKey },
    files,
  }
}
