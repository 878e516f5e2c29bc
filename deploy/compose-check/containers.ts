import { setTimeout as sleep } from 'node:timers/promises'
import { type Project, run } from './engine.ts'

/** What `docker inspect` says of a container, as far as it is checked. */
export interface Container {
  Id: string
  Name: string
  RestartCount: number
  State: { Status: string; ExitCode: number; OOMKilled: boolean; Health?: { Status: string; Log?: { Output: string }[] } }
  Config: { User: string; Labels: Record<string, string>; Env: string[] }
  HostConfig: {
    ReadonlyRootfs: boolean
    CapDrop: string[] | null
    CapAdd: string[] | null
    SecurityOpt: string[] | null
    Privileged: boolean
    PortBindings: Record<string, { HostIp: string; HostPort: string }[] | null> | null
  }
}

/** How long a stack may take to become healthy on a slow machine. */
export const HEALTHY_MS = 15 * 60_000

/** Services whose container ends by itself. */
const ENDING = ['broker-users', 'migrate', 'seed']

export const serviceOf = ({ Config }: Container): string => Config.Labels['com.docker.compose.service'] ?? ''

export async function containersOf({ name }: Project): Promise<Container[]> {
  const ids = (await run('docker', ['ps', '-aq', '--filter', `label=com.docker.compose.project=${name}`]))
    .split('\n')
    .filter(Boolean)
  return ids.length === 0 ? [] : (JSON.parse(await run('docker', ['inspect', ...ids])) as Container[])
}

/** Waits until every container is healthy, or has ended well where that is its work. @throws Error that says who is not */
export async function untilHealthy(project: Project, limitMs: number): Promise<Container[]> {
  for (const end = performance.now() + limitMs; ; await sleep(2000)) {
    const containers = await containersOf(project)
    const waiting = containers.filter(container => !isWell(container))
    if (containers.length > 0 && waiting.length === 0) return containers
    const failed = waiting.find(({ State }) => State.Status === 'exited' && State.ExitCode !== 0)
    if (performance.now() > end || (failed && failed.RestartCount > 5)) throw new Error(await complaint(waiting))
  }
}

function isWell(container: Container): boolean {
  const { Status, ExitCode, Health } = container.State
  if (ENDING.includes(serviceOf(container))) return Status === 'exited' && ExitCode === 0
  return Status === 'running' && Health?.Status === 'healthy'
}

/** The containers of a project that are not well, with the ends of their logs. */
export async function unwell(project: Project): Promise<string> {
  return complaint((await containersOf(project)).filter(container => !isWell(container)))
}

async function complaint(waiting: readonly Container[]): Promise<string> {
  const lines = waiting.map(async container => {
    const { Status, ExitCode, Health } = container.State
    const log = await run('docker', ['logs', '--tail', '15', container.Id]).catch(String)
    const health = Health?.Log?.at(-1)?.Output ?? ''
    return `${serviceOf(container)}: ${Status} ${ExitCode} ${Health?.Status ?? ''} ${health}\n${log}`
  })
  return `Not every container is healthy:\n${(await Promise.all(lines)).join('\n')}`
}

/** What a container may do that it should not; none for one that is as it should be. */
export async function looseEnds(container: Container): Promise<string[]> {
  const { ReadonlyRootfs, CapDrop, CapAdd, SecurityOpt, Privileged, PortBindings } = container.HostConfig
  const bindings = Object.values(PortBindings ?? {}).flatMap(list => list ?? [])
  const checks: [isRight: boolean, text: string][] = [
    [ReadonlyRootfs, 'its root can be written'],
    [CapDrop?.includes('ALL') === true && (CapAdd ?? []).length === 0, 'it has capabilities'],
    [SecurityOpt?.some(option => option.startsWith('no-new-privileges')) === true, 'it may gain privileges'],
    [!Privileged, 'it is privileged'],
    [!['', '0', 'root'].includes(container.Config.User), 'its user is root'],
    [bindings.every(({ HostIp }) => HostIp === '127.0.0.1'), 'its port is open to other machines'],
    [!container.State.OOMKilled, 'it ran out of memory'],
    ...(await insideChecks(container)),
  ]
  return checks.flatMap(([isRight, text]) => (isRight ? [] : [`${serviceOf(container)}: ${text}`]))
}

/** The same, as the kernel sees the first process of a running container. */
async function insideChecks({ Id, State }: Container): Promise<[boolean, string][]> {
  if (State.Status !== 'running') return []
  const status = await run('docker', ['exec', Id, 'cat', '/proc/1/status'])
  const field = (name: string) => new RegExp(`^${name}:\\s+(.+)$`, 'm').exec(status)?.[1] ?? ''
  const written = await run('docker', ['exec', Id, 'sh', '-c', 'touch /linko-check 2>/dev/null && echo yes || echo no'])
  return [
    [/^[1-9]\d*\s/.test(field('Uid')), `its process runs as ${field('Uid')}`],
    [/^0+$/.test(field('CapEff')) && /^0+$/.test(field('CapBnd')), `its process has the capabilities ${field('CapEff')}`],
    [field('NoNewPrivs') === '1', 'its process may gain privileges'],
    [written.endsWith('no'), 'its process can write to the root'],
  ]
}
