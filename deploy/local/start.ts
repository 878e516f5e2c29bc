import { enableCompileCache } from 'node:module'
import path from 'node:path'

/** `npm start`. Compiled code is kept from one start to the next: here, and by the variable in the processes that are started. */
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, '../../.linko/compile-cache')
enableCompileCache(process.env.NODE_COMPILE_CACHE)
// After that, so that the launcher's own modules come from there too.
const { launch } = await import('./launch.ts')

process.exit(
  await launch().catch((error: Error) => {
    console.error(error.message)
    return 1
  }),
)
