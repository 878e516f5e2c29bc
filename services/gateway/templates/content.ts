import { z } from 'zod'
import { objectId } from '#shared/contracts/outbound.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { formsGiven, normalContent, type TemplateInput } from '#shared/domain/templates/input.ts'
import { describeProblems, type TemplateProblem } from '#shared/domain/templates/problem.ts'
import { TEMPLATE_LANGUAGE, TEMPLATE_NAME, templateProblems } from '#shared/domain/templates/rules.ts'
import { TEMPLATE_CATEGORIES, TEMPLATE_STATES } from '#shared/domain/templates/status.ts'
import { MAX_TTL_SECONDS, TTL_OF_30_DAYS, timeToLiveProblems } from '#shared/domain/templates/time-to-live.ts'
import { describeVariables, type GivenVariable, variablesOf, withExamples } from '#shared/domain/templates/variables.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'

const text = z.string().max(4000)
const part = z.looseObject({ type: z.string().max(40).optional(), text: text.optional() })
const parts = z.array(part).max(10)

const Variable = z
  .strictObject({
    position: z.int().min(1).max(100).optional(),
    name: z.string().trim().min(1).max(100).optional(),
    description: z.string().max(500).nullable().optional(),
    example: z.string().min(1).max(1024).nullable().optional(),
    component: z.enum(['HEADER', 'BODY']).default('BODY'),
  })
  .refine(({ position, name }) => position !== undefined || name !== undefined, { error: 'Must have a position or a name' })

/** Template content in one of three forms, and the names of its variables. */
const content = {
  components: z
    .array(z.looseObject({ type: z.string().min(1).max(40) }))
    .min(1)
    .max(20)
    .optional()
    .describe("Components in Meta's form, with examples"),
  componentsJson: z
    .strictObject({ header: parts.optional(), body: parts.optional(), footer: parts.optional(), buttons: parts.optional() })
    .optional()
    .describe('Lists of parts: {body: [{type: "text", text}], buttons: [{type: "quick_reply", text}]}'),
  header: text.nullable().optional().describe('Plain text, with body and footer'),
  body: text.optional(),
  footer: text.nullable().optional(),
  variables: z
    .array(Variable)
    .max(100)
    .optional()
    .describe('Names by which a send gives the variables, and examples for the review'),
}
const category = z.enum(TEMPLATE_CATEGORIES)
const messageSendTtlSeconds = z
  .int()
  .min(TTL_OF_30_DAYS)
  .max(MAX_TTL_SECONDS)
  .optional()
  .describe(
    'Seconds for which WhatsApp tries to deliver a message: authentication 30 to 900, utility 30 to 43200, marketing 43200 to 2592000; -1 for 30 days',
  )

/** Input of a new template. */
export const NewTemplate = z.strictObject({
  name: z.string().regex(TEMPLATE_NAME, 'Must be at most 512 lower-case letters, digits and underscores'),
  language: z.string().regex(TEMPLATE_LANGUAGE, 'Must be a WhatsApp language code, for example fr or en_US'),
  category,
  ...content,
  messageSendTtlSeconds,
  clientId: objectId.optional().describe('Number whose business account gets the template; by default the primary number'),
  submit: z.boolean().default(true).describe('Submit to WhatsApp; false only registers the template in Linko'),
})
export type NewTemplate = z.input<typeof NewTemplate>

/** Changes to a template; omitted fields keep their value. */
export const TemplatePatch = z
  .strictObject({
    ...content,
    messageSendTtlSeconds,
    category: category.optional(),
    status: z.enum(TEMPLATE_STATES).optional(),
    submit: z
      .literal(true)
      .optional()
      .describe('Submit a registered template, or apply the status at WhatsApp again to one that was disabled by hand'),
  })
  .refine(input => Object.keys(input).length > 0, { error: 'Give at least one field to change' })
  .refine(({ status, submit }) => !(status && submit), { error: 'Cannot be combined with submit', path: ['status'] })
export type TemplatePatch = z.input<typeof TemplatePatch>

export type Content = Pick<TemplateDoc, 'components' | 'variables' | 'parameterFormat'>
type ContentInput = TemplateInput & { variables?: readonly GivenVariable[] | undefined }

/**
 * Components and variables of an input in any of its forms, checked by Meta's rules.
 * @throws ApiError 422 TEMPLATE_INVALID that names each field that Meta would refuse
 */
export function composeContent(
  input: ContentInput,
  about: { category: string; submit: boolean; before?: TemplateDoc['variables']; orName?: boolean },
): Content {
  const { category, submit, before = [] } = about
  if (formsGiven(input) > 1)
    throw invalid([
      {
        path: 'components',
        message: 'Give the content in one form only: components, componentsJson, or header, body and footer.',
      },
    ])
  const normal = normalContent(input)
  if (normal === null) throw invalid([{ path: 'components', message: 'The content of the template is missing.' }])
  const found = variablesOf(normal.components, before)
  const { parameterFormat } = found
  const { variables, problems } = describeVariables(found.variables, parameterFormat, input.variables ?? [])
  const components = withExamples(normal.components, variables, { orName: about.orName ?? !normal.isMetaForm })
  const wrong = templateProblems({ category, parameterFormat, components, places: normal.places }, { submit })
  if (problems.length + wrong.length > 0) throw invalid([...problems, ...wrong])
  return { components, ...variablesOf(components, variables) }
}

/** Whether an input gives content in any form. */
export const hasContent = (input: TemplateInput): boolean => normalContent(input) !== null || formsGiven(input) > 0

/** @throws ApiError 422 TEMPLATE_INVALID for a time to live that Meta would refuse */
export function requireTimeToLive(seconds: number | null, category: string): void {
  const problems = timeToLiveProblems(seconds, category)
  if (problems.length > 0) throw invalid(problems)
}

/** Error 422 TEMPLATE_INVALID with every problem and its path. */
export const invalid = (errors: TemplateProblem[]) => new ApiError(422, 'TEMPLATE_INVALID', describeProblems(errors), { errors })
