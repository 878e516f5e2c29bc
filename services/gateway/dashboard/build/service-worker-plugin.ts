import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { minify, type Plugin, transformWithOxc } from 'vite'

const WORKER = path.join(import.meta.dirname, '../worker/service-worker.ts')

/** What one build is made of, for `worker/service-worker.ts`. Paths begin at the root of the site. */
export interface Build {
  page: string
  assets: string[]
  files: string[]
}

/** Writes `sw.js`: the service worker, which knows the names of all files of its build, so that a new build is a new worker. */
export function serviceWorkerPlugin(publicDir: string): Plugin {
  return {
    name: 'linko-service-worker',
    apply: 'build',
    generateBundle: {
      order: 'post',
      async handler(_options, bundle) {
        const page = bundle['index.html']
        if (page?.type !== 'asset') throw new Error('the build has no page')
        const files = globSync('*.*', { cwd: publicDir })
        const source = await serviceWorkerOf(
          {
            page: Buffer.from(page.source).toString(),
            assets: Object.keys(bundle)
              .filter(file => file.startsWith('assets/'))
              .map(file => `/${file}`),
            files: files.map(file => `/${file}`),
          },
          files.map(file => readFileSync(path.join(publicDir, file))),
        )
        this.emitFile({ type: 'asset', fileName: 'sw.js', source })
      },
    },
  }
}

/** The worker's script for a build. @param contents of files without a hash in their name: when one of them changes, so does the version */
export async function serviceWorkerOf(build: Build, contents: Buffer[] = []): Promise<string> {
  const { code } = await transformWithOxc(readFileSync(WORKER, 'utf8'), WORKER)
  const sorted = { ...build, assets: build.assets.toSorted(), files: build.files.toSorted() }
  const hash = createHash('sha256').update(code).update(JSON.stringify(sorted))
  for (const content of contents) hash.update(content)
  const version = hash.digest('hex').slice(0, 16)
  const script = await minify('sw.js', `const BUILD = ${JSON.stringify({ version, ...sorted })}\n${code}`, { module: false })
  return script.code
}
