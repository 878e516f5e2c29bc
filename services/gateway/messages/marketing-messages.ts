import { ApiError } from '#shared/domain/errors.ts'
import {
  endpointProblem,
  type MarketingChoice,
  type ProductPolicy,
  policyOf,
} from '#shared/domain/messages/marketing-messages.ts'
import type { TemplateDoc } from '#shared/model/documents.ts'
import type { Draft } from './draft.ts'

/** The draft of a template, which goes by the Marketing Messages API where its request says so. */
export function withMarketingMessages(draft: Draft, choice: MarketingChoice): Draft {
  const policy = policyOf(choice)
  return policy === null ? draft : { ...draft, marketingMessages: policy }
}

/** Requires a template that Meta takes the chosen way. @throws ApiError 422 NOT_MARKETING, MARKETING_MESSAGES_NEEDED */
export function requireEndpoint(
  template: Pick<TemplateDoc, 'category' | 'maxPrice'>,
  policy: ProductPolicy | null | undefined,
): void {
  const problem = endpointProblem(template, policy)
  if (problem === 'not-marketing')
    throw new ApiError(422, 'NOT_MARKETING', 'The Marketing Messages API takes marketing templates alone.')
  if (problem === 'needs-marketing-messages')
    throw new ApiError(
      422,
      'MARKETING_MESSAGES_NEEDED',
      'This template has a maximum price. WhatsApp takes it through the Marketing Messages API alone: set `marketingMessages`.',
    )
}
