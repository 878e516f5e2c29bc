/** `path` as the caller wrote it. */
export interface TemplateProblem {
  path: string
  message: string
}
