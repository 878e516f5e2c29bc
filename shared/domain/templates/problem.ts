/** A problem of one field: `path` is the field as the caller wrote it, `message` a whole sentence. */
export interface TemplateProblem {
  path: string
  message: string
}

/** One text for people: every problem with its field. */
export const describeProblems = (problems: readonly TemplateProblem[]): string =>
  problems.map(({ path, message }) => `${path}: ${message}`).join(' ')
