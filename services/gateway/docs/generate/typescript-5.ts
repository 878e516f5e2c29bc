import { registerHooks } from 'node:module'

/**
 * openapi-typescript prints its types by the compiler's old API, which TypeScript 7 does not have: within this process it gets
 * TypeScript 5 (`typescript-5` in package.json). To be removed with the first openapi-typescript that takes TypeScript 7.
 */
registerHooks({ resolve: (name, context, next) => next(name === 'typescript' ? 'typescript-5' : name, context) })
