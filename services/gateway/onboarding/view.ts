import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { CONNECTION_STATES, failedStep, isRequired, STEP_KEYS, STEP_STATES } from '#shared/domain/onboarding/steps.ts'
import { stepTextKey } from '#shared/domain/onboarding/texts.ts'
import type { ConnectionDoc } from '#shared/model/documents.ts'
import { shownPhone } from '#shared/views/views.ts'
import { SentenceKeyView } from '../schemas.ts'

const textKey = SentenceKeyView.nullable().describe(
  'The text as a stable name with values, for other languages; null without one',
)

export const ConnectionView = z.object({
  id: z.string(),
  kind: z.enum(['signup', 'token', 'settings', 'check', 'disconnect']),
  state: z.enum(CONNECTION_STATES),
  coexistence: z.boolean(),
  /** End of the dialog's time, while it is OPEN. */
  expiresAt: z.iso.datetime().nullable(),
  numbers: z.array(
    z.object({
      clientId: z.string(),
      phoneNumberId: z.string(),
      wabaId: z.string(),
      whatsappNumber: z.string().nullable(),
      verifiedName: z.string().nullable(),
      coexistence: z.boolean(),
    }),
  ),
  steps: z.array(
    z.object({
      key: z.enum(STEP_KEYS),
      wabaId: z.string().nullable(),
      phoneNumberId: z.string().nullable(),
      state: z.enum(STEP_STATES),
      /** A step that is not required holds the number back no longer. */
      required: z.boolean(),
      attempts: z.number().int(),
      at: z.iso.datetime().nullable(),
      nextAt: z.iso.datetime().nullable().describe('Time of the next attempt of a step that waits'),
      code: z.number().int().nullable().describe("Meta's error code"),
      subcode: z.number().int().nullable(),
      metaText: z.string().nullable().describe("Meta's own text"),
      sentence: z.string().nullable().describe('What went wrong'),
      cure: z.string().nullable().describe('What to do about it'),
      note: z.string().nullable().describe('What was found or mended'),
      sentenceKey: textKey,
      cureKey: textKey,
      noteKey: textKey,
    }),
  ),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
})

export function connectionView(doc: ConnectionDoc): z.infer<typeof ConnectionView> {
  const { kind, state, coexistence } = doc
  return {
    id: String(doc._id),
    ...{ kind, state, coexistence },
    expiresAt: state === 'OPEN' ? (doc.expiresAt?.toISOString() ?? null) : null,
    numbers: doc.numbers.map(number => ({
      clientId: String(number.clientId),
      phoneNumberId: number.phoneNumberId,
      wabaId: number.wabaId,
      whatsappNumber: shownPhone(number.whatsappNumber),
      verifiedName: number.verifiedName,
      coexistence: number.coexistence,
    })),
    steps: doc.steps.map(stepView),
    createdAt: doc.createdAt.toISOString(),
    updatedAt: doc.updatedAt.toISOString(),
    endedAt: doc.endedAt?.toISOString() ?? null,
  }
}

const stepView = ({
  key,
  wabaId,
  phoneNumberId,
  state,
  attempts,
  at,
  nextAt,
  problem,
  note,
}: ConnectionDoc['steps'][number]) => ({
  ...{ key, wabaId: wabaId ?? null, phoneNumberId: phoneNumberId ?? null, state, required: isRequired(key), attempts },
  at: at?.toISOString() ?? null,
  nextAt: nextAt?.toISOString() ?? null,
  code: problem?.code ?? null,
  subcode: problem?.subcode ?? null,
  metaText: problem?.metaText ?? null,
  sentence: problem?.sentence ?? null,
  cure: problem?.cure ?? null,
  note: note ?? null,
  sentenceKey: stepTextKey(problem?.sentence),
  cureKey: stepTextKey(problem?.cure),
  noteKey: stepTextKey(note),
})

/** The failure of a connection as an answer: 422, with the step, Meta's code and text, and the cure. */
export function connectionFailed(connection: ConnectionDoc): ApiError {
  const step = failedStep(connection.steps)
  const { sentence = 'The number could not be connected.', cure = null, code = null, metaText = null } = step?.problem ?? {}
  return new ApiError(422, 'CONNECTION_FAILED', cure === null ? sentence : `${sentence} ${cure}`, {
    extra: { connectionId: String(connection._id), step: step?.key ?? null, code, metaText, cure },
    detailKey: stepTextKey(sentence) ?? undefined,
  })
}
