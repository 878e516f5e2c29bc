import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

/** Writes each failure when it happens: vitest prints errors at the end, and a run that is stopped before prints none. */
export default class FailureLog implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result()
    if (state === 'failed') log(`${test.module.relativeModuleId} > ${test.fullName}`, errors)
  }

  /** A hook of a `describe`. */
  onTestSuiteResult(suite: TestSuite): void {
    log(`${suite.module.relativeModuleId} > ${suite.fullName}`, suite.errors())
  }

  /** An import, a hook of the file. */
  onTestModuleEnd(module: TestModule): void {
    log(module.relativeModuleId, module.errors())
  }
}

interface Failure {
  message: string
  stacks?: { file: string; line: number }[]
}

function log(where: string, errors: readonly Failure[] = []): void {
  const time = new Date().toISOString()
  for (const { message, stacks = [] } of errors) {
    const lines = stacks.map(({ file, line }) => `\n    ${file}:${line}`)
    console.log(`── failed at ${time}: ${where}\n  ${message}${lines.join('')}`)
  }
}
