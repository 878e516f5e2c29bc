import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'

/** Comparisons with names of secrets whose time tells nobody anything. */
const HARMLESS: Record<string, string> = {
  'services/gateway/idempotency.ts: row.requestHash !== requestHash': 'a hash of the own request',
  'services/gateway/onboarding/steps/extras.ts: client === token': 'tokens of the account itself, none of a caller',
  'services/sender/send/pause.ts: other === token': 'tokens of numbers of our own',
  'shared/store/dispatch/finish.ts: row?.dispatch?.token === message.dispatch?.token': 'names the sender that took a message',
}

const COMPARISON = /([\w.?]+)\)?\s*([!=]==)\s*([\w.?']+)/g
const isSecret = (operand: string) => /(secret|token|password|signature|hash|digest|hmac)$/i.test(operand)
const isLiteral = (operand: string) => /^('|\d|null$|undefined$|true$|false$)/.test(operand)

function comparisonsIn(text: string): string[] {
  return [...text.matchAll(COMPARISON)]
    .filter(([, left, , right]) => (isSecret(left as string) || isSecret(right as string)) && !isLiteral(right as string))
    .map(([, left, operator, right]) => `${left} ${operator} ${right}`)
}

test('[SE-15] secrets are compared by safeEqual or timingSafeEqual alone', () => {
  const found = globSync('{services,shared}/**/*.ts', { cwd: ROOT })
    .filter(file => !file.endsWith('.test.ts') && !file.startsWith('services/gateway/dashboard/'))
    .flatMap(file => comparisonsIn(readFileSync(path.join(ROOT, file), 'utf8')).map(comparison => `${file}: ${comparison}`))
  expect([...new Set(found)].toSorted()).toEqual(Object.keys(HARMLESS).toSorted())
})

test.for(['if (given.secret === config.SECRET)', 'signature !== expected', 'row?.tokenHash === hashOf'])(
  '%s would be found',
  text => {
    expect(comparisonsIn(text)).toHaveLength(1)
  },
)

test.for(["secret === ''", 'row.token !== null', 'tokenVersion === session.tokenVersion', 'key === code'])('%s is well', text => {
  expect(comparisonsIn(text)).toEqual([])
})
