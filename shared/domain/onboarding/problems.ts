import { describeError, type ErrorReport } from '../messages/send-errors.ts'
import type { StepKey, StepOutcome, StepProblem } from './steps.ts'

type Words = Pick<StepProblem, 'sentence' | 'cure'>

/** A problem that this platform finds itself, without an error of Meta. */
export const ownProblem = (sentence: string, cure: string): StepProblem => ({
  code: null,
  subcode: null,
  metaText: null,
  sentence,
  cure,
})

const DIALOG_AGAIN = 'Continue the connection: it opens the sign-up dialog again.'
const ENTER_PIN =
  'Continue the connection with the number’s six-digit PIN. Whoever has lost it turns off two-step verification in WhatsApp Manager and continues without one.'

/** Refusals that mean something of their own while a number is connected, by step and Meta's code, with its subcode if it has one. */
const WORDS: Partial<Record<StepKey, Record<string, Words>>> = {
  token: {
    '1': {
      sentence: 'Meta does not accept the secret of the app.',
      cure: 'Set META_APP_ID and META_APP_SECRET to those of one app, then continue the connection.',
    },
    '101': {
      sentence: 'Meta does not know the app.',
      cure: 'Set META_APP_ID and META_APP_SECRET to those of one app, then continue the connection.',
    },
    '100/36007': { sentence: 'The code of the sign-up is older than 30 seconds.', cure: DIALOG_AGAIN },
    '100/36008': {
      sentence: 'The dialog returned to another address than the one it was opened with.',
      cure: 'Add BASE_URL/api/auth/whatsapp/callback to the valid OAuth redirect URIs of the app, then open the dialog again.',
    },
    '100/36009': { sentence: 'The code of the sign-up was used before; it works once.', cure: DIALOG_AGAIN },
    '100': { sentence: 'Meta does not know the code of the sign-up.', cure: DIALOG_AGAIN },
  },
  register: {
    '133005': { sentence: 'The number has a PIN for two-step verification, and it is another one.', cure: ENTER_PIN },
    '133006': {
      sentence: 'The number is not verified.',
      cure: 'Verify the number in WhatsApp Manager by SMS or call, then continue the connection.',
    },
    '133008': { sentence: 'A wrong PIN was entered too many times.', cure: `Wait an hour. ${ENTER_PIN}` },
    '133009': { sentence: 'The PIN was entered too many times within a short time.', cure: `Wait a minute. ${ENTER_PIN}` },
    '133016': {
      sentence: 'The number was registered or deregistered ten times within 72 hours.',
      cure: 'Wait 72 hours, then continue the connection.',
    },
    '133000': {
      sentence: 'The number is still registered elsewhere: an earlier deregistration was not completed.',
      cure: 'Have it deregistered at the former provider, or delete its account in the WhatsApp app, then continue the connection.',
    },
  },
  contacts: {
    '2593108': {
      sentence: 'Meta gives out the contacts of the app within 24 hours of the sign-up only.',
      cure: 'Nothing is needed: contacts appear when they write.',
    },
  },
  history: {
    '2593108': {
      sentence: 'Meta gives out the history of the app within 24 hours of the sign-up only.',
      cure: 'Nothing is needed: the conversations begin with the next message.',
    },
  },
}

const UNKNOWN: Words = {
  sentence: 'Meta refused this step. Its own text names the reason.',
  cure: 'Correct what Meta’s text names, then continue the connection.',
}
const AWAY: Words = {
  sentence: 'Meta did not answer, or is not available.',
  cure: 'Nothing is needed: the step is tried again by itself.',
}

/** Codes about the token, the account or the app, whose words of the send table hold here as well. */
const SHARED_WORDS = new Set([0, 3, 4, 10, 17, 33, 80007, 80008, 102, 190, 368, 131031])
/** Wrong PINs and exhausted registrations: Meta's own wait is for people, a further call would only count. */
const FOR_PEOPLE = new Set([133005, 133006, 133008, 133009, 133016, 133000])
/** Longest wait that Meta may ask for without a person being told to come back. */
const LONGEST_WAIT_MS = 3_600_000

/** What a refused call means for its step. @param retryAfterMs wait that Meta asks for; 0 without one */
export function refusedStep(key: StepKey, report: ErrorReport, retryAfterMs = 0): StepOutcome {
  const error = describeError(report)
  const { code, subcode } = error
  const problem = { code, subcode, metaText: report.detail ?? report.title ?? null, ...wordsOf(key, error) }
  const waitMs = Math.max(retryAfterMs, error.class === 'RETRY_LATER' ? (error.waitS ?? 0) * 1000 : 0)
  const isOfApp = key === 'token' && code === 1 && report.httpStatus === 400
  const mayRetry = (error.class === 'RETRY' || error.class === 'RETRY_LATER') && !isOfApp
  if (!mayRetry || waitMs > LONGEST_WAIT_MS || FOR_PEOPLE.has(code ?? 0)) return { kind: 'failed', problem }
  return { kind: 'again', problem, afterMs: waitMs }
}

/** What a call without a readable answer means: it may have been carried out, so the next attempt asks first. */
export const unansweredStep = (afterMs = 0): StepOutcome => ({
  kind: 'again',
  problem: ownProblem(AWAY.sentence, AWAY.cure),
  afterMs,
})

function wordsOf(key: StepKey, error: ReturnType<typeof describeError>): Words {
  const { code, subcode, class: kind, sentence, nextStep } = error
  const own = WORDS[key]
  const words = own?.[`${code}/${subcode}`] ?? own?.[String(code)]
  if (words) return words
  if (kind === 'RETRY') return AWAY
  const isShared =
    code !== null && (SHARED_WORDS.has(code) || (code >= 200 && code <= 299) || (code >= 133_000 && code < 134_000))
  return isShared && error.known ? { sentence, cure: nextStep } : UNKNOWN
}
