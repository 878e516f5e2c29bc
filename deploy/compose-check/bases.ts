import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { attempt } from './engine.ts'

/** The settings of docker-compose.yml that name foreign images, with their defaults. Prometheus is not checked. */
export function foreignImages(): Record<string, string> {
  const text = readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8')
  const found = [...text.matchAll(/\$\{(LINKO_\w+_IMAGE):-([^}]+)\}/g)]
  const wanted = ['LINKO_NODE_IMAGE', 'LINKO_MONGODB_IMAGE', 'LINKO_RABBITMQ_IMAGE', 'LINKO_REDIS_IMAGE']
  return Object.fromEntries(found.flatMap(([, name = '', image = '']) => (wanted.includes(name) ? [[name, image]] : [])))
}

/** Pulls images that are not there yet. @returns the one that could not be had and why; null when all are there */
export async function pullAll(images: readonly string[]): Promise<{ image: string; why: string } | null> {
  for (const image of images) {
    if ((await attempt('docker', ['image', 'inspect', image])).code === 0) continue
    const { code, output } = await attempt('docker', ['pull', '--quiet', image])
    if (code !== 0) return { image, why: output.trim().split('\n').at(-1) ?? '' }
  }
  return null
}
