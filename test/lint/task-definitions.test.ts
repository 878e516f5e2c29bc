import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { taskDefinitions } from '#deploy/aws/task-definitions.ts'
import { ROOT } from '#shared/process/config.ts'
import { ADDRESSES, SECRETS } from '#shared/process/secrets.ts'

interface Definition {
  requiresCompatibilities: string[]
  volumes: { name: string; efsVolumeConfiguration?: object }[]
  containerDefinitions: {
    readonlyRootFilesystem: boolean
    linuxParameters: { capabilities: { drop: string[] } }
    mountPoints: { containerPath: string }[]
    stopTimeout: number
    healthCheck?: { command: string[] }
    environment: { name: string; value: string }[]
    secrets: { name: string; valueFrom: string }[]
  }[]
}

const made = Object.entries(taskDefinitions()) as [string, Definition][]

test('[OP-05] each process has a task definition, as docker-compose.yml says it', () => {
  expect(made.map(([file]) => file)).toEqual(['migrate.json', 'gateway.json', 'ingest.json', 'realtime.json', 'sender.json'])
  for (const [file, definition] of made)
    expect(JSON.parse(readFileSync(path.join(ROOT, 'deploy/aws', file), 'utf8')), `node deploy/aws/task-definitions.ts`).toEqual(
      definition,
    )
})

test.for(made)(
  '[OP-05] %s runs without rights, takes its secrets from Secrets Manager, and has time to stop',
  ([file, definition]) => {
    const [container] = definition.containerDefinitions
    if (container === undefined) throw new Error(`${file} has no container`)
    expect(definition.requiresCompatibilities).toEqual(['FARGATE'])
    expect(container.readonlyRootFilesystem).toBe(true)
    expect(container.linuxParameters.capabilities.drop).toEqual(['ALL'])
    expect(container.stopTimeout).toBeGreaterThan(25)
    const isSecret = (name: string) => name in SECRETS || (ADDRESSES as readonly string[]).includes(name)
    expect(container.environment.filter(({ name }) => isSecret(name))).toEqual([])
    expect(container.secrets.filter(({ name }) => !isSecret(name))).toEqual([])
    const names = container.secrets.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining([...ADDRESSES.filter(name => name !== 'EVENT_EXCHANGE_URL')]))
    expect(names.includes('JWT_SECRET')).toBe(['gateway.json', 'realtime.json'].includes(file))
    expect(names.includes('TOKEN_ENCRYPTION_KEY')).toBe(['gateway.json', 'ingest.json', 'sender.json'].includes(file))
    // What it may write to is a volume of the image.
    const volumes = [...readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8').matchAll(/^VOLUME (\S+)$/gm)].map(([, at]) => at)
    for (const { containerPath } of container.mountPoints) expect(volumes).toContain(containerPath)
    expect(definition.volumes.some(({ efsVolumeConfiguration }) => efsVolumeConfiguration !== undefined)).toBe(
      file === 'ingest.json',
    )
    if (file !== 'migrate.json') expect(container.healthCheck?.command.slice(0, 3)).toEqual(['CMD', 'node', 'deploy/healthy.mjs'])
  },
)
