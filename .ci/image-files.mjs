// Lists the files that an image of the Dockerfile takes from the build context, and checks them:
//   node .ci/image-files.mjs                checks the targets `linko` and `linko-demo`
//   node .ci/image-files.mjs linko          lists the files of one target
// Only Node's own modules are used, so that it runs before anything is installed, on Node 20.
import path from 'node:path'
import process from 'node:process'
import { contextFiles, ignoreRules, imageFiles, read, readStages } from './image-context.mjs'

/** Every demo user's address and password and every demo token, as `deploy/demo/world.ts` has them. */
function demoSecrets() {
  const values = [...read('deploy/demo/world.ts').matchAll(/\b(email|password|accessToken): '([^']+)'/g)]
  for (const kind of ['email', 'password', 'accessToken'])
    if (!values.some(([, name]) => name === kind))
      throw new Error(`deploy/demo/world.ts: no ${kind} was found; adapt .ci/image-files.mjs.`)
  const domains = values.filter(([, name]) => name === 'email').map(([, , email]) => email.slice(email.indexOf('@')))
  return [...new Set([...values.map(([, , value]) => value), ...domains])]
}

/** Folders whose files are for development, the demo or tests. */
const NOT_IN_PRODUCTION = /^(?:test|deploy\/(?:demo|simulator|local|compose-check))(?:\/|$)/
/** A test, or a file beside the tests. */
const isTest = file => /^test\/|\.test\.\w+$/.test(file)

function* contentProblems(file, secrets) {
  if (NOT_IN_PRODUCTION.test(file)) yield `${file}: does not belong in the production image`
  const text = read(file)
  for (const secret of secrets) if (text.includes(secret)) yield `${file}: names the demo's "${secret}"`
}

/** What a module imports at run time, and what it reads beside itself. Imports of types are erased. */
function referencesOf(text) {
  const code = text.replace(/^(?:import|export) type\b[^'"]*['"][^'"]*['"]/gm, '')
  const names = regex => [...code.matchAll(regex)].map(([, name]) => name)
  return {
    imports: [
      ...names(/^(?:import|export)\b[^'"]*?\bfrom\s*['"]([^'"]+)['"]/gm),
      ...names(/^import\s*['"]([^'"]+)['"]/gm),
      ...names(/\bimport\(\s*['"]([^'"]+)['"]/g),
    ],
    paths: [...names(/import\.meta\.dirname,\s*['"]([^'"]+)['"]/g), ...names(/['"](\.\.?\/[^'"]+)['"],\s*import\.meta\.url/g)],
  }
}

/** Sources of what browsers run: nothing in the image loads them, for it has the built dashboard. */
const IN_BROWSERS = /^(?:services\/gateway\/dashboard|shared\/realtime-client)\//

function* moduleProblems(file, files, { imports: aliases, dependencies }) {
  if (!/\.[cm]?[jt]s$/.test(file) || IN_BROWSERS.test(file)) return
  const { imports, paths } = referencesOf(read(file))
  const beside = name => path.posix.join(path.posix.dirname(file), name)
  const isThere = target => target === '.' || files.has(target) || [...files].some(other => other.startsWith(`${target}/`))
  for (const name of paths) if (!isThere(beside(name))) yield `${file}: reads ${beside(name)}, which the image lacks`
  for (const name of imports) {
    if (name.startsWith('.') || name.startsWith('#')) {
      const target = name.startsWith('.') ? beside(name) : aliasTarget(name, aliases)
      if (!files.has(target)) yield `${file}: imports ${name}, which the image lacks`
    } else if (!name.startsWith('node:') && !(packageOf(name) in dependencies))
      yield `${file}: imports the package ${packageOf(name)}, which package.json does not name in "dependencies"`
  }
}

/** `#shared/x.ts` by the "imports" of package.json, whose keys all end in `/*`. */
function aliasTarget(name, aliases) {
  const key = Object.keys(aliases).find(alias => name.startsWith(alias.replace('*', '')))
  return key === undefined ? name : path.posix.normalize(aliases[key].replace('*', name.slice(key.length - 1)))
}

const packageOf = name =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')

/** The services that `deploy/entrypoint.mjs` starts, and the image that each needs. */
function* entryProblems(target, files) {
  const entries = [...read('deploy/entrypoint.mjs').matchAll(/'(\.\.?\/[^']+\.ts)'/g)].map(([, name]) =>
    path.posix.join('deploy', name),
  )
  if (entries.length === 0) yield 'deploy/entrypoint.mjs: no entry was found; adapt .ci/image-files.mjs'
  for (const entry of entries)
    if (!files.has(entry) && (target === 'linko-demo' || !NOT_IN_PRODUCTION.test(entry)))
      yield `${entry}: the image ${target} lacks it`
}

function problemsOf(target, files) {
  const secrets = demoSecrets()
  const manifest = JSON.parse(read('package.json'))
  const list = [...files]
  return [
    ...list.filter(isTest).map(file => `${file}: is a test`),
    ...(target === 'linko' ? list.flatMap(file => [...contentProblems(file, secrets)]) : []),
    ...list.flatMap(file => [...moduleProblems(file, files, manifest)]),
    ...entryProblems(target, files),
  ]
}

function main() {
  const stages = readStages()
  const context = contextFiles(ignoreRules())
  const [listed] = process.argv.slice(2)
  if (listed !== undefined) return void console.log([...imageFiles(stages, listed, context)].sort().join('\n'))
  const problems = context.filter(isTest).map(file => `build context: ${file} is a test`)
  if (stages.at(-1)?.name !== 'linko') problems.push('Dockerfile: the last stage, which a plain build makes, must be linko')
  for (const target of ['linko', 'linko-demo']) {
    const files = imageFiles(stages, target, context)
    console.log(`${target}: ${files.size} files`)
    problems.push(...problemsOf(target, files).map(problem => `${target}: ${problem}`))
  }
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length === 0 ? 0 : 1
}

try {
  main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
