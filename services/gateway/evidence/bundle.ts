import { createHash } from 'node:crypto'
import { type EvidenceKey, type EvidenceManifest, type FoundFile, MANIFEST, SIGNATURE } from '#shared/auth/evidence.ts'
import type { Redaction } from '#shared/domain/messages/redact.ts'
import type { ConversationDoc, Id } from '#shared/model/documents.ts'
import type { ZipEntry } from '#shared/storage/zip.ts'
import { findMessage } from '#shared/store/inbox/messages.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { GatewayDeps } from '../deps.ts'
import { configurationFile } from './configuration.ts'
import { filesOfMessage, leftOutOf } from './message-files.ts'

type Deps = Pick<GatewayDeps, 'store' | 'storage' | 'config' | 'now'>

/** What a bundle is about: one message, or those of a conversation in a range of time. */
export interface Subject {
  conversation: ConversationDoc
  messageIds: readonly Id[]
  /** Begin of what the configuration is told of. */
  from: Date
  about: EvidenceManifest['about']
}

const FILES = `message.json        the message as it is stored, with every attempt and every report
timeline.json       the same as steps with durations
trace.json          each hop through the platform with its time
request.json        what was posted to WhatsApp, without recipient; only of a message that went out
webhooks.json       what WhatsApp reported about the message, as it was received; kept for 30 days
media/              the file of the message, if it has one that is stored`

const readme = ({ about }: Subject, redact: readonly Redaction[]) => `${
  about.kind === 'message'
    ? 'Evidence about one message.\n\n'
    : `Evidence about a conversation: its ${about.messages} messages from ${about.from} until before ${about.to}, each in a folder of messages/.\n\n`
}${FILES}
configuration.json  versions, number, settings, limits and templates when this was made, and what was changed of them since then
manifest.json       the SHA-256 of each of these files, and the public key
manifest.sig        the Ed25519 signature of manifest.json
${redact.length > 0 ? `\nLeft out by choice, and marked [redacted]: ${redact.map(what => LEFT_OUT[what]).join('; ')}.\n` : ''}
Check it with the program of the platform: npm run verify-evidence -- <this file> --key <fingerprint>
The fingerprint must come to you on another way than this file: from the operator of the installation.

What it proves: the installation that holds the key signed exactly these files, and nothing was changed since.
What it does not prove: that WhatsApp sent the reports (their signature is made with a secret that the installation knows too), that
the times are right (they are those of the installation's own clocks), or that nothing was left out. Whoever holds the encryption
key of the installation can sign anything. WhatsApp can confirm the ids that begin with "wamid".
`

const LEFT_OUT: Record<Redaction, string> = {
  content: 'what the messages say, and their files',
  people: 'names and numbers of the customer',
}

/** The files of a bundle, hashed while they are sent; the manifest and its signature come last. */
export async function* evidenceFiles(
  deps: Deps,
  subject: Subject,
  key: EvidenceKey,
  redact: readonly Redaction[],
): AsyncGenerator<ZipEntry> {
  const at = deps.now()
  const files: FoundFile[] = []
  for await (const entry of contents(deps, subject, redact, at)) yield { ...entry, content: hashed(entry, files) }
  const manifest = Buffer.from(`${JSON.stringify(manifestOf(deps, subject, key, { at, files, redact }), null, 2)}\n`)
  yield { name: MANIFEST, at, content: manifest }
  yield { name: SIGNATURE, at, content: `${key.sign(manifest)}\n` }
}

async function* contents(deps: Deps, subject: Subject, redact: readonly Redaction[], at: Date): AsyncGenerator<ZipEntry> {
  const { conversation, messageIds, about } = subject
  const left = leftOutOf(conversation, redact)
  const templates = new Set<string>()
  yield { name: 'README.txt', at, content: readme(subject, redact) }
  for (const [i, id] of messageIds.entries()) {
    // The answer is under way, and no request's tenant is in force any more.
    const message = await asTenant(String(conversation.tenantId), () => findMessage(deps.store, conversation.tenantId, id))
    if (message === null) continue
    if (message.content.template) templates.add(message.content.template.name)
    const folder = about.kind === 'message' ? '' : `messages/${String(i + 1).padStart(4, '0')}-${id}/`
    yield* filesOfMessage(deps, message, { folder, at, left })
  }
  yield await configurationFile(deps, conversation, { templates: [...templates], from: subject.from, at })
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
  { conversation, about }: Subject,
  { fingerprint, publicKey }: EvidenceKey,
  { at, files, redact }: { at: Date; files: FoundFile[]; redact: readonly Redaction[] },
): EvidenceManifest {
  return {
    format: 'linko-evidence',
    version: 1,
    createdAt: at.toISOString(),
    installation: config.BASE_URL,
    tenantId: String(conversation.tenantId),
    about,
    redacted: [...redact],
    key: { algorithm: 'Ed25519', fingerprint, publicKey },
    files,
  }
}
