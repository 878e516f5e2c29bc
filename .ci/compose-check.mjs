// Where the compose plugin is missing: the file must at least be YAML whose services have an image or a build and known dependencies.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true })
const problems = Object.entries(services).flatMap(([name, service]) => [
  ...(service.image || service.build ? [] : [`${name} has neither image nor build`]),
  ...Object.keys(service.depends_on ?? {})
    .filter(other => !services[other])
    .map(other => `${name} depends on ${other}, which is not there`),
])
for (const problem of problems) console.error(problem)
process.exit(problems.length === 0 ? 0 : 1)
