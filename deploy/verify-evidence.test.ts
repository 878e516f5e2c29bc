import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'
import { createKeyring } from '#shared/auth/encryption.ts'
import {
  type EvidenceKey,
  type EvidenceManifest,
  evidenceKeys,
  MANIFEST,
  SIGNATURE,
  verifyEvidence,
} from '#shared/auth/evidence.ts'
import { type ZipEntry, zipOf } from '#shared/storage/zip.ts'
import { linesOf, readBundle } from './verify-evidence.ts'

const dir = mkdtempSync(path.join(tmpdir(), 'linko-evidence-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const hex = () => randomBytes(32).toString('hex')
const keyOf = (encryptionKey: string) => evidenceKeys(createKeyring({ TOKEN_ENCRYPTION_KEY: encryptionKey }))[0] as EvidenceKey
const key = keyOf(hex())

const FILES: [string, string][] = [
  ['message.json', '{"id":"1"}'],
  ['media/1-a.jpg', 'picture'],
]
type Bundle = [name: string, content: string][]

/** A bundle as the gateway writes it. */
async function bundle(files = FILES, signer = key): Promise<Bundle> {
  const listed = files.map(([name, content]) => ({
    name,
    bytes: Buffer.byteLength(content),
    sha256: createHash('sha256').update(content).digest('hex'),
  }))
  const manifest: EvidenceManifest = {
    format: 'linko-evidence',
    version: 1,
    createdAt: '2026-11-29T10:00:00.000Z',
    installation: 'https://linko.test',
    tenantId: '1',
    about: { kind: 'message', messageId: '2', externalMessageId: null },
    redacted: [],
    key: { algorithm: 'Ed25519', fingerprint: signer.fingerprint, publicKey: signer.publicKey },
    files: listed,
  }
  const text = JSON.stringify(manifest)
  return [...files, [MANIFEST, text], [SIGNATURE, signer.sign(Buffer.from(text))]]
}

let count = 0
async function stored(files: Bundle): Promise<string> {
  async function* entries(): AsyncGenerator<ZipEntry> {
    for (const [name, content] of files) yield { name, at: new Date(), content }
  }
  const file = path.join(dir, `${++count}.zip`)
  writeFileSync(file, await buffer(zipOf(entries())))
  return file
}

const problemsOf = async (files: Bundle, expected: string | null = key.fingerprint) =>
  verifyEvidence(await readBundle(await stored(files)), expected).problems

const changed = (files: Bundle, name: string, change: (content: string) => string): Bundle =>
  files.map(([one, content]) => [one, one === name ? change(content) : content])

test('[15] a bundle is valid as it was signed', async () => {
  const verdict = verifyEvidence(await readBundle(await stored(await bundle())), key.fingerprint)
  expect(verdict).toMatchObject({ problems: [], isExpectedKey: true, manifest: { about: { messageId: '2' } } })
  expect(linesOf(verdict).at(-1)).toBe('VALID')
})

test('[15] without an expected fingerprint the reader is told to compare it', async () => {
  const verdict = verifyEvidence(await readBundle(await stored(await bundle())), null)
  expect(verdict).toMatchObject({ problems: [], isExpectedKey: null })
  expect(linesOf(verdict).join('\n')).toContain('Compare the fingerprint')
})

const without = (files: Bundle, name: string): Bundle => files.filter(([one]) => one !== name)

test.for<[string, (files: Bundle) => Bundle, RegExp]>([
  ['a changed file', files => changed(files, 'message.json', () => '{"id":"3"}'), /^message.json was changed/],
  ['a missing file', files => without(files, 'media/1-a.jpg'), /^media\/1-a.jpg is missing/],
  ['an added file', files => [...files, ['extra.json', '{}']], /^extra.json was added/],
  ['a file that stands twice', files => [['message.json', '{"id":"9"}'], ...files], /^message.json stands twice/],
  ['a second manifest', files => [...files, [MANIFEST, '{}']], /^manifest.json was added/],
  [
    'a changed manifest',
    files => changed(files, MANIFEST, text => text.replace('linko.test', 'other.test')),
    /signature does not fit/,
  ],
  ['no signature', files => without(files, SIGNATURE), /^manifest.sig is missing/],
  ['no manifest', files => without(files, MANIFEST), /^manifest.json is missing/],
  ['a manifest that is none', files => changed(files, MANIFEST, () => '{}'), /not the manifest/],
  ['an empty signature', files => changed(files, SIGNATURE, () => ''), /signature does not fit/],
  [
    'a key that is none',
    files => changed(files, MANIFEST, text => text.replace('BEGIN PUBLIC', 'BEGIN')),
    /public key .* cannot be read/,
  ],
  [
    'another fingerprint',
    files => changed(files, MANIFEST, text => text.replace(/sha256:\w{4}/, 'sha256:0000')),
    /another fingerprint/,
  ],
])('[15] %s is found', async ([, change, problem]) => {
  const problems = await problemsOf(change(await bundle()))
  expect(problems.join('\n')).toMatch(new RegExp(problem.source, 'm'))
  expect(linesOf({ problems, manifest: null, isExpectedKey: null }).at(-1)).toBe('NOT VALID')
})

test('[15] a forger who signs anew is found by the fingerprint alone', async () => {
  const forged = await bundle([['message.json', '{"id":"9"}']], keyOf(hex()))
  expect(await problemsOf(forged, null)).toEqual([])
  expect(await problemsOf(forged)).toEqual([`It was signed by another key than ${key.fingerprint}.`])
})

test('[15] the key follows from the encryption key, and older ones stay known', () => {
  const [first, second] = [hex(), hex()]
  expect(keyOf(first).fingerprint).toBe(keyOf(first).fingerprint)
  const rotated = evidenceKeys(createKeyring({ TOKEN_ENCRYPTION_KEYS: `b:${second},a:${first}` }))
  expect(rotated.map(({ fingerprint }) => fingerprint)).toEqual([keyOf(second).fingerprint, keyOf(first).fingerprint])
})

test('[15] what is no ZIP is refused', async () => {
  const file = path.join(dir, 'text.zip')
  writeFileSync(file, 'not a ZIP')
  await expect(readBundle(file)).rejects.toThrow()
})
