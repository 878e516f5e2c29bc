import { SEND_ERROR_TABLE } from '../messages/send-error-table.ts'
import { errorName } from '../messages/send-errors.ts'
import { keysByText } from '../sentence.ts'
import { TOKEN_CAUSES, UNREADABLE_TOKEN, withTokenCure } from './token-health.ts'

/** Why a number does not send, where no error code of Meta says it: English texts by key. */
export const NUMBER_REASONS: Readonly<Record<string, string>> = {
  'number.disconnected': 'The number was disconnected here.',
  'number.unfinished': 'The connection of this number is not finished.',
  'number.offboarded': 'The number left the Cloud API.',
  'number.partner-removed': 'The business account is no longer shared with this platform.',
  'number.app-removed': 'The app was removed from the business account.',
  'number.account-deleted': 'The business account was deleted.',
  'number.account-rejected': 'WhatsApp has rejected the business account.',
  'number.account-disabled': 'WhatsApp has disabled the business account.',
  'number.by-hand': 'paused by hand',
  'number.token-unreadable': UNREADABLE_TOKEN,
  ...Object.fromEntries(Object.entries(TOKEN_CAUSES).map(([key, cause]) => [`number.token-${key}`, withTokenCure(cause)])),
}

/** What happened and what to do, of Meta's errors: a pause has both as one text, or the first alone. */
const OF_META = Object.fromEntries(
  SEND_ERROR_TABLE.flatMap(({ code, subcode, sentence, nextStep }) => {
    const key = `failure.${errorName(code, subcode)}`
    return [
      [`${key}.whole`, `${sentence} ${nextStep}`],
      [key, sentence],
    ]
  }).toReversed(),
)

/** The key of the text that says why a number does not send; null for a text that a person gave. */
export const numberReasonKey = keysByText({ ...OF_META, ...NUMBER_REASONS })
