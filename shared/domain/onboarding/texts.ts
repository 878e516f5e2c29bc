import { SEND_ERROR_TABLE } from '../messages/send-error-table.ts'
import { TOKEN_CAUSES, UNREADABLE_TOKEN } from '../numbers/token-health.ts'
import { keysByText } from '../sentence.ts'

/** What went wrong at a step of a connection, what to do, and what was found: English texts by key. */
export const STEP_TEXTS: Readonly<Record<string, string>> = {
  // What went wrong.
  'step.secret-wrong': 'Meta does not accept the secret of the app.',
  'step.app-unknown': 'Meta does not know the app.',
  'step.code-old': 'The code of the sign-up is older than 30 seconds.',
  'step.address-other': 'The dialog returned to another address than the one it was opened with.',
  'step.code-used': 'The code of the sign-up was used before; it works once.',
  'step.code-unknown': 'Meta does not know the code of the sign-up.',
  'step.pin-other': 'The number has a PIN for two-step verification, and it is another one.',
  'step.number-unverified': 'The number is not verified.',
  'step.pin-too-often': 'A wrong PIN was entered too many times.',
  'step.pin-too-fast': 'The PIN was entered too many times within a short time.',
  'step.registered-too-often': 'The number was registered or deregistered ten times within 72 hours.',
  'step.registered-elsewhere': 'The number is still registered elsewhere: an earlier deregistration was not completed.',
  'step.contacts-late': 'Meta gives out the contacts of the app within 24 hours of the sign-up only.',
  'step.history-late': 'Meta gives out the history of the app within 24 hours of the sign-up only.',
  'step.refused': 'Meta refused this step. Its own text names the reason.',
  'step.away': 'Meta did not answer, or is not available.',
  'step.unfinished': 'The step was begun several times and never came to its end.',
  'step.number-elsewhere': 'The number is connected by another organisation of this platform.',
  'step.number-in-no-account': 'The number is in no business account that its token gives access to.',
  'step.account-closed': 'The access token gives no access to the named business account.',
  'step.account-unclear': 'The access token does not say which business account it is for.',
  'step.account-empty': 'The business account has no phone number yet.',
  'step.number-not-shared': 'The named phone number is not in the business account that was shared.',
  'step.app-missing': 'This platform has no app at Meta.',
  'step.template-missing': 'The account has no approved template, so nobody can be written to first.',
  'step.webhooks-unreachable': 'The address of the webhooks cannot be reached.',
  'step.webhooks-answer': 'The address of the webhooks answered {status} to the handshake.',
  'step.webhooks-of-app-elsewhere': 'The app’s webhooks go to another address.',
  'step.webhooks-of-number-elsewhere': 'The number’s webhooks go to another address.',
  'step.webhooks-of-account-elsewhere': 'The account’s webhooks go to another address.',
  'step.fields-missing': 'The app is not subscribed to {fields}: {lost}.',
  'step.pin-unknown': 'The number has a PIN for two-step verification that this platform does not know.',
  'step.pin-unreadable': 'The stored PIN cannot be decrypted.',
  'step.code-missing': 'The sign-up gave no code.',
  'step.token-missing-in-answer': 'Meta’s answer holds no access token.',
  'step.token-none': 'The number has no access token.',
  'step.token-answer-unreadable': 'Meta’s answer about the access token cannot be read.',
  'step.token-invalid': 'The token is not valid.',
  'step.token-of-other-app': 'The access token belongs to another app, whose webhooks go elsewhere.',
  'step.permission-missing': 'The permission {permissions} was not granted.',
  ...Object.fromEntries(Object.entries(TOKEN_CAUSES).map(([key, cause]) => [`step.token-${key}`, cause])),
  // What to do.
  'step.do.set-app': 'Set META_APP_ID and META_APP_SECRET to those of one app, then continue the connection.',
  'step.do.dialog-again': 'Continue the connection: it opens the sign-up dialog again.',
  'step.do.dialog-anew': 'Continue the connection: it opens the dialog again.',
  'step.do.add-address':
    'Add BASE_URL/api/auth/whatsapp/callback to the valid OAuth redirect URIs of the app, then open the dialog again.',
  'step.do.enter-pin':
    'Continue the connection with the number’s six-digit PIN. Whoever has lost it turns off two-step verification in WhatsApp Manager and continues without one.',
  'step.do.give-pin':
    'Continue the connection with the six-digit PIN. Whoever has lost it turns off two-step verification in WhatsApp Manager and continues without one.',
  'step.do.hour-then-pin':
    'Wait an hour. Continue the connection with the number’s six-digit PIN. Whoever has lost it turns off two-step verification in WhatsApp Manager and continues without one.',
  'step.do.minute-then-pin':
    'Wait a minute. Continue the connection with the number’s six-digit PIN. Whoever has lost it turns off two-step verification in WhatsApp Manager and continues without one.',
  'step.do.verify': 'Verify the number in WhatsApp Manager by SMS or call, then continue the connection.',
  'step.do.wait-72-hours': 'Wait 72 hours, then continue the connection.',
  'step.do.deregister':
    'Have it deregistered at the former provider, or delete its account in the WhatsApp app, then continue the connection.',
  'step.do.contacts-come': 'Nothing is needed: contacts appear when they write.',
  'step.do.history-begins': 'Nothing is needed: the conversations begin with the next message.',
  'step.do.correct': 'Correct what Meta’s text names, then continue the connection.',
  'step.do.nothing': 'Nothing is needed: the step is tried again by itself.',
  'step.do.continue': 'Continue the connection.',
  'step.do.continue-later': 'Continue the connection later.',
  'step.do.disconnect-there': 'Have it disconnected there first, then continue the connection.',
  'step.do.connect-again': 'Connect the number again.',
  'step.do.share-account': 'Share that account in the dialog, or name the one that was shared.',
  'step.do.name-account': 'Give the id of the WhatsApp Business Account as wabaId.',
  'step.do.add-number': 'Add a number to the account in WhatsApp Manager, then continue the connection.',
  'step.do.share-number': 'Share the account that the number belongs to, or name another number.',
  'step.do.operator-sets-app': 'The operator sets META_APP_ID and META_APP_SECRET; then continue the connection.',
  'step.do.write-template': 'Write a template on the page Templates, or by POST /api/v1/templates, and wait for Meta’s approval.',
  'step.do.make-reachable': 'Make {url} reachable by https from the internet.',
  'step.do.same-verify-token':
    'Give gateway and ingest the same META_WEBHOOK_VERIFY_TOKEN, and let the proxy pass the address on to ingest.',
  'step.do.set-callback':
    'Set the callback URL of the app (WhatsApp, Configuration) to {url}, with the verify token of this platform.',
  'step.do.check-again': 'Check the number again: the address is then removed.',
  'step.do.subscribe-fields':
    'Subscribe the app to these fields of whatsapp_business_account (WhatsApp, Configuration, Webhook fields).',
  'step.do.restore-key-or-pin': 'Restore its key, or continue the connection with the PIN.',
  'step.do.restore-key-or-connect': 'Restore the key, or connect the number again.',
  'step.do.other-token': 'Connect the number again, or give a token of this platform’s app.',
  'step.do.grant-all': 'Connect the number again and grant every permission that is asked for.',
  // What was found or mended.
  'step.note.taken': '{taken} of {all} numbers are connected by another organisation.',
  'step.note.moved': 'The number has moved to the business account {account}; corrected.',
  'step.note.new-id': 'The number has the new id {id} at Meta; it is taken over.',
  'step.note.paused': 'The number stays paused: {reason}',
  'step.note.by-webhooks': 'Meta sends them by webhooks.',
  'step.note.asked-before': 'They were asked for before.',
  'step.note.sibling': 'Another connected number of the account needs its webhooks.',
  'step.note.token-shared': 'Another number uses the same access token.',
  'step.note.token-forgotten': 'Without META_APP_ID and META_APP_SECRET the token cannot be revoked; it is forgotten here.',
  'step.note.in-app': 'The number is registered in the WhatsApp Business app.',
  'step.note.registered': 'The number is registered already; its PIN stays as it is.',
  'step.note.registered-already': 'The number is registered already.',
  'step.note.address-corrected': 'Webhooks went to another address; corrected.',
  'step.note.subscription-renewed': 'The subscription was lost; renewed.',
  'step.note.arrive': 'Webhooks arrive at {url}.',
}

/** The words of the send table, which hold here as well, and the causes of an invalid token without their cure. */
const OTHERS = {
  ...Object.fromEntries(
    SEND_ERROR_TABLE.filter(({ subcode }) => subcode === null).flatMap(({ code, sentence, nextStep }) => [
      [`failure.${code}.next`, nextStep],
      [`failure.${code}`, sentence],
    ]),
  ),
  'number.token-unreadable': UNREADABLE_TOKEN,
}

/** The key of a text of a step; null for one that the table does not have. */
export const stepTextKey = keysByText({ ...OTHERS, ...STEP_TEXTS })
