// Checks docker-compose.yml without the compose plugin: it is YAML, every service has an image or a build and dependencies that
// exist, every build target is a stage of the Dockerfile, and production gets along without the image linko-demo.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true })
const stages = [...readFileSync('Dockerfile', 'utf8').matchAll(/^FROM \S+ AS (\S+)$/gim)].map(([, name]) => name)
const PRODUCTION = ['gateway', 'ingest', 'realtime', 'sender']

const neededBy = name => Object.keys(services[name]?.depends_on ?? {})

/** A service and everything it depends on, directly or not. */
function closureOf(name, found = new Set()) {
  if (found.has(name)) return found
  found.add(name)
  for (const other of neededBy(name)) closureOf(other, found)
  return found
}

const problems = Object.entries(services).flatMap(([name, { image, build }]) => [
  ...(image || build ? [] : [`${name} has neither image nor build`]),
  ...(build && !stages.includes(build.target) ? [`${name}: the Dockerfile has no stage "${build.target}"`] : []),
  ...(build && build.target !== image ? [`${name}: the image "${image}" is built from the stage "${build.target}"`] : []),
  ...neededBy(name).flatMap(other => (services[other] ? [] : [`${name} depends on ${other}, which does not exist`])),
])
for (const name of PRODUCTION)
  for (const other of closureOf(name))
    if (services[other]?.build && services[other].image !== 'linko')
      problems.push(`${name} needs ${other}, which is not of the image linko`)
for (const problem of problems) console.error(problem)
process.exit(problems.length === 0 ? 0 : 1)
