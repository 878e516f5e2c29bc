import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'
import { REDACTIONS } from '../domain/messages/redact.ts'
import type { Keyring } from './encryption.ts'

/** Names of the two files of a bundle that the manifest cannot list. */
export const MANIFEST = 'manifest.json'
export const SIGNATURE = 'manifest.sig'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** What is signed: the hash of every other file of the bundle. */
export const EvidenceManifest = z.strictObject({
  format: z.literal('linko-evidence'),
  version: z.literal(1),
  /** By the clock of the installation; nobody else vouches for it. */
  createdAt: z.iso.datetime(),
  /** Public address of the installation. */
  installation: z.string(),
  tenantId: z.string(),
  about: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('message'), messageId: z.string(), externalMessageId: z.string().nullable() }),
    z.strictObject({
      kind: z.literal('conversation'),
      conversationId: z.string(),
      /** Messages at this time or later, and before `to`. */
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      messages: z.number().int(),
    }),
  ]),
  /** What was left out of the files by choice. */
  redacted: z.array(z.enum(REDACTIONS)),
  key: z.strictObject({ algorithm: z.literal('Ed25519'), fingerprint: z.string(), publicKey: z.string() }),
  files: z.array(z.strictObject({ name: z.string(), bytes: z.number().int(), sha256: Sha256 })),
})
export type EvidenceManifest = z.infer<typeof EvidenceManifest>

/** A key that signs bundles. */
export interface EvidenceKey {
  /** `sha256:` and the hash of the public key in DER form. */
  fingerprint: string
  /** PEM */
  publicKey: string
  /** @returns base64 */
  sign(content: Buffer): string
}

/** DER around the 32 bytes of an Ed25519 private key (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * The signing keys of this installation, the present one first: one is derived from each encryption key, so that nothing more has to
 * be kept, and a copy of the database alone signs nothing.
 */
export function evidenceKeys(keyring: Keyring): EvidenceKey[] {
  return keyring.derive('evidence ed25519').map(({ secret }) => {
    const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, secret]), format: 'der', type: 'pkcs8' })
    const publicKey = createPublicKey(key)
    return {
      fingerprint: fingerprintOf(publicKey),
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      sign: content => sign(null, content, key).toString('base64'),
    }
  })
}

const fingerprintOf = (key: KeyObject) =>
  `sha256:${createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')}`

/** A file as it was found in a bundle. */
export interface FoundFile {
  name: string
  bytes: number
  sha256: string
}

export interface Found {
  manifest: Buffer | null
  signature: Buffer | null
  /** All other files, in the order of the archive. */
  files: FoundFile[]
}

export interface EvidenceVerdict {
  /** Why the bundle proves nothing; empty: it is as it was signed. */
  problems: string[]
  manifest: EvidenceManifest | null
  /** Whether the key is the expected one; null: none was named, so anybody may have signed. */
  isExpectedKey: boolean | null
}

/** Whether a bundle is as it was signed. @param expected fingerprint that the reader got on another way; null: none */
export function verifyEvidence({ manifest: bytes, signature, files }: Found, expected: string | null): EvidenceVerdict {
  const refused = (problem: string): EvidenceVerdict => ({ problems: [problem], manifest: null, isExpectedKey: null })
  if (bytes === null || signature === null) return refused(`${bytes === null ? MANIFEST : SIGNATURE} is missing.`)
  const manifest = readManifest(bytes)
  if (manifest === null) return refused(`${MANIFEST} is not the manifest of an evidence bundle.`)
  const key = readKey(manifest.key.publicKey)
  if (key === null) return refused('The public key in the manifest cannot be read.')
  const isSigned = verify(null, bytes, key, Buffer.from(signature.toString('utf8').trim(), 'base64'))
  const fingerprint = fingerprintOf(key)
  const isExpectedKey = expected === null ? null : expected === fingerprint
  const problems = [
    ...(isSigned ? [] : ['The signature does not fit the manifest: one of the two was changed.']),
    ...(fingerprint === manifest.key.fingerprint ? [] : ['The manifest names another fingerprint than that of its key.']),
    ...(isExpectedKey === false ? [`It was signed by another key than ${expected}.`] : []),
    ...differences(manifest.files, files),
  ]
  return { problems, manifest, isExpectedKey }
}

function readManifest(bytes: Buffer): EvidenceManifest | null {
  try {
    return EvidenceManifest.parse(JSON.parse(bytes.toString('utf8')))
  } catch {
    return null
  }
}

function readKey(pem: string): KeyObject | null {
  try {
    const key = createPublicKey(pem)
    return key.asymmetricKeyType === 'ed25519' ? key : null
  } catch {
    return null
  }
}

/** What the archive holds against what the manifest lists: a name that stands twice is as wrong as one that is missing. */
function differences(listed: EvidenceManifest['files'], found: readonly FoundFile[]): string[] {
  const byName = Map.groupBy(found, ({ name }) => name)
  const names = new Set(listed.map(({ name }) => name))
  const changed = listed.flatMap(({ name, bytes, sha256 }) => {
    const [file, ...more] = byName.get(name) ?? []
    if (file === undefined) return [`${name} is missing.`]
    if (more.length > 0) return [`${name} stands twice in the archive.`]
    return file.bytes === bytes && file.sha256 === sha256 ? [] : [`${name} was changed.`]
  })
  const added = [...byName.keys()].filter(name => !names.has(name)).map(name => `${name} was added.`)
  return [...changed, ...added]
}
