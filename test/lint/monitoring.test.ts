import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from '#shared/process/config.ts'

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; runbook: string }
}
interface Panel {
  title: string
  targets?: { expr: string }[]
}
const rules = (parse(read('deploy/monitoring/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules }) => rules,
)
const { panels } = JSON.parse(read('deploy/monitoring/grafana-dashboard.json')) as { panels: Panel[] }
const shown = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ of: title, expr })))
const asked = [...rules.map(({ alert, expr }) => ({ of: alert, expr })), ...shown]

/** Names of all metrics with their labels, as the sources declare them. */
const metrics = new Map(
  ['shared/process/metrics.ts', 'services/ingest/receiver/door-metrics.ts'].flatMap(file =>
    [...read(file).matchAll(/new (Counter|Gauge|Histogram)\(\{\s*name: '(linko_\w+)'[\s\S]*?\n\s*\}\)/g)].map(
      ([text, kind, name = '']) => {
        const labels = [...(/labelNames: \[([^\]]*)\]/.exec(text)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, label]) => label)
        return [name, { kind, labels: [...labels, ...(kind === 'Histogram' ? ['le'] : [])] }] as const
      },
    ),
  ),
)

/** Each metric of an expression with the labels that it is asked for, those of the aggregation around it among them. */
function usesOf(expr: string): { name: string; labels: string[] }[] {
  const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '))
  return [...expr.matchAll(/\b(linko_\w+)(\{[^}]*\})?/g)].map(([, name = '', selector = '']) => ({
    name,
    labels: [...grouped, ...[...selector.matchAll(/(\w+)=/g)].map(([, label = '']) => label)],
  }))
}

/** A histogram is asked for by its buckets, its sum and its count. */
const metricOf = (name: string) => metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ''))

test('alerts and panels ask for metrics that exist, by labels that they have', () => {
  expect([metrics.size, asked.length]).toEqual([expect.toSatisfy(n => n > 25), expect.toSatisfy(n => n > 40)])
  const wrong = asked.flatMap(({ of, expr }) =>
    usesOf(expr).flatMap(({ name, labels }) => {
      const known = metricOf(name)?.labels
      return known === undefined
        ? [`${of}: ${name}`]
        : labels.filter(label => !known.includes(label)).map(label => `${of}: ${label}`)
    }),
  )
  expect(wrong).toEqual([])
  expect(usesOf('sum by (le) (rate(linko_x_bucket{a="b"}[5m]))')).toEqual([{ name: 'linko_x_bucket', labels: ['le', 'a'] }])
})

test('counters are asked for by their rate, histograms by their parts', () => {
  const bare = asked.filter(({ expr }) =>
    usesOf(expr).some(({ name }) => {
      const isCounted = metrics.get(name)?.kind === 'Counter' || /_(bucket|count)$/.test(name)
      return metrics.get(name)?.kind === 'Histogram' || (isCounted && !new RegExp(`(rate|increase)\\(${name}`).test(expr))
    }),
  )
  expect(bare).toEqual([])
})

test('the dashboard shows every metric', () => {
  const names = shown.flatMap(({ expr }) => usesOf(expr)).map(({ name }) => name)
  expect([...metrics.keys()].filter(metric => !names.some(name => name === metric || name.startsWith(`${metric}_`)))).toEqual([])
})

test('each alert has a severity, a sentence and its section in docs/monitoring.md', () => {
  const sections = [...read('docs/monitoring.md').matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  expect(sections).toEqual(rules.map(({ alert }) => alert))
  for (const { alert, labels, annotations } of rules) {
    expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(critical|warning)$/)])
    expect(annotations.runbook).toBe(`docs/monitoring.md#${alert.toLowerCase()}`)
    expect([alert, annotations.summary.length > 20]).toEqual([alert, true])
  }
})

test('Prometheus of docker-compose.yml reads the rules, and asks every service', () => {
  const config = parse(read('deploy/prometheus.yml')) as { rule_files: string[]; scrape_configs: { job_name: string }[] }
  const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: { prometheus: { volumes: string[] } } }
  expect(config.scrape_configs.map(({ job_name }) => job_name)).toEqual(['linko'])
  for (const file of config.rule_files)
    expect(compose.services.prometheus.volumes.some(volume => volume.includes(`/alerts.yml:${file}:ro`))).toBe(true)
})
