import { parseArgs } from 'node:util'
import { foreignImages, pullAll } from './bases.ts'
import { containersOf, HEALTHY_MS, looseEnds, serviceOf, untilHealthy, unwell } from './containers.ts'
import { composeCommand, engineVersion, type Project } from './engine.ts'
import { build, IMAGES, refusals } from './images.ts'
import { localBases } from './local-bases.ts'
import { demoProject, productionProject } from './projects.ts'
import { expectThat, found, say } from './report.ts'
import { drain, firstStart, killAll, playDemo, seesServers, trafficOf } from './steps.ts'

/**
 * `npm run compose-check`: proves docker-compose.yml and both images on a Docker engine, from nothing: a first production start, the
 * demo, a SIGTERM of all services under load, a SIGKILL of everything.
 *   --local-bases   makes the base images here (as root, with debootstrap) instead of pulling them
 *   --if-possible   is content where there is no engine, or no base image can be had
 *   --keep          leaves the demo running
 */
const { values: options } = parseArgs({
  options: { 'local-bases': { type: 'boolean' }, 'if-possible': { type: 'boolean' }, keep: { type: 'boolean' } },
})

async function main(): Promise<void> {
  const [version, command] = [await engineVersion(), await composeCommand()]
  if (version === null || command === null) return impossible('no Docker engine with compose answers')
  say(`Docker ${version}, ${command.join(' ')}`)
  const bases = options['local-bases'] ? await localBases() : foreignImages()
  const missing = options['local-bases'] ? null : await pullAll(Object.values(bases))
  if (missing) return impossible(`${missing.image} cannot be pulled (${missing.why}); --local-bases makes it`)
  await build(bases.LINKO_NODE_IMAGE as string)
  const images = { ...bases, ...IMAGES }
  await refusals()
  await inProject(await productionProject(command, images), firstStart)
  const demo = await demoProject(command, images)
  await inProject(demo, async project => {
    await playDemo(project)
    const traffic = await trafficOf(project)
    await drain(project, traffic)
    await killAll(project, traffic)
  })
}

function impossible(why: string): void {
  console.log(`compose-check: ${why}; nothing was checked`)
  if (!options['if-possible']) process.exitCode = 1
}

/** Starts a stack from nothing, and removes it with its volumes in the end. */
async function inProject(project: Project, work: (project: Project) => Promise<void>): Promise<void> {
  const remove = () => project.tryCompose('down', '--volumes', '--timeout', '30')
  await remove()
  say(`starting ${project.name} from nothing`)
  try {
    const { code, output } = await project.tryCompose('up', '-d', '--no-build')
    if (code !== 0) throw new Error(`${output}\n${await unwell(project)}`)
    await untilHealthy(project, HEALTHY_MS)
    await showContainers(project)
    await seesServers(project)
    await work(project)
  } finally {
    if (!(options.keep && project.name.endsWith('demo'))) await remove()
  }
}

async function showContainers(project: Project): Promise<void> {
  const containers = await containersOf(project)
  const states = containers.map(
    it => `${serviceOf(it)} ${it.State.Health?.Status ?? `ended with ${it.State.ExitCode}`} as ${it.Config.User}`,
  )
  expectThat(containers.length > 0, states.toSorted().join(', '))
  const loose = (await Promise.all(containers.map(looseEnds))).flat()
  expectThat(loose.length === 0, `all non-root, read-only, without capabilities, ports on 127.0.0.1 ${loose.join('; ')}`)
}

await main()
for (const problem of found()) console.error(`NOT OK: ${problem}`)
if (found().length > 0) process.exitCode = 1
