import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { gzipped, type Manifest, MOST_OF_INBOX, MOST_OF_PAGE, readManifest, sizesOf } from './bundle.ts'

/** A build takes a while on a busy machine. */
const BUILD_MS = 600_000

test('a page weighs its chunk, what that imports, and its texts in one language, each once', () => {
  const manifest: Manifest = {
    'index.html': { file: 'index.js', isEntry: true, imports: ['_common.js'] },
    '_common.js': { file: 'common.js' },
    '_list.js': { file: 'list.js', imports: ['_common.js'] },
    '../texts-en:/x/src/app/texts': { file: 'app-en.js' },
    '../texts-en:/x/src/features/inbox/texts': { file: 'inbox-en.js' },
    '../texts-en:/x/src/features/inbox/message/texts': { file: 'message-en.js' },
    '../texts-fr:/x/src/features/inbox/texts': { file: 'inbox-fr.js' },
    'src/features/inbox/page.tsx': { file: 'inbox.js', imports: ['index.html', '_list.js'] },
    'src/features/inbox/thread/thread-pane.tsx': { file: 'thread.js', imports: ['_list.js'] },
    'src/features/inbox/side/side-pane.tsx': { file: 'side.js' },
    'src/features/campaigns/new/new-page.tsx': { file: 'new.js', imports: ['_common.js'] },
  }
  expect(sizesOf(manifest, () => 1)).toEqual([
    { page: 'inbox, a conversation', whole: 8, beyondShell: 5 },
    { page: 'inbox', whole: 6, beyondShell: 3 },
    { page: 'campaigns, new', whole: 4, beyondShell: 1 },
  ])
})

beforeAll(async () => {
  // Does nothing when what is built is from these sources.
  await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'build.ts')])
}, BUILD_MS)

test(`the inbox loads at most ${MOST_OF_INBOX} kB of script at first`, () => {
  const inbox = sizesOf(readManifest(), gzipped).find(({ page }) => page === 'inbox')
  // As much as React alone weighs, so that it is known to measure something.
  expect(inbox?.whole).toBeGreaterThan(70)
  expect(inbox?.whole).toBeLessThanOrEqual(MOST_OF_INBOX)
})

test(`no page adds more than ${MOST_OF_PAGE} kB of script to what is on every page`, () => {
  const sizes = sizesOf(readManifest(), gzipped)
  expect(sizes.length).toBeGreaterThan(5)
  expect(sizes.filter(({ beyondShell }) => beyondShell > MOST_OF_PAGE)).toEqual([])
})
