interface ErrorText {
  /** The whole `message`; `(#code) title` by default. */
  message?: string
  /** Replaces the title of the code table where Meta's answer differs from it. */
  title?: string
  details?: string
  type?: string
  transient?: boolean
  headers?: Record<string, string>
  bySubcode?: Record<number, string>
}

const usage = (member: string, value: unknown) => ({ [member]: JSON.stringify(value) })

/** Meta's texts by code, for rules that give no text of their own. */
export const ERROR_TEXTS: Record<number, ErrorText> = {
  0: { message: 'Unable to authenticate the app user' },
  1: { message: 'An unknown error occurred' },
  2: { message: 'An unexpected error has occurred. Please retry your request later.', transient: true },
  3: { message: '(#3) Application does not have the capability to make this API call.' },
  4: {
    transient: true,
    headers: usage('X-App-Usage', { call_count: 100, total_cputime: 25, total_time: 31 }),
  },
  10: { message: '(#10) Application does not have permission for this action' },
  33: { details: 'The business phone number has been deleted.' },
  100: { details: 'Invalid parameter' },
  190: {
    message: 'Invalid OAuth access token - Cannot parse access token',
    bySubcode: {
      458: 'Error validating access token: The user has not authorized application APP_ID.',
      459: 'Error validating access token: The user must log in at https://www.facebook.com to complete a checkpoint.',
      460: 'Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.',
      463: 'Error validating access token: Session has expired.',
      464: 'Error validating access token: Sessions for the user are not allowed because the user is not a confirmed user.',
      467: 'Error validating access token: The session is invalid because the user logged out.',
      492: 'Error validating access token: The session is invalid.',
    },
  },
  200: {
    message:
      '(#200) You do not have the necessary permissions required to send messages on behalf of this WhatsApp Business Account',
  },
  368: { details: 'The account is restricted from sending messages.' },
  803: { type: 'GraphMethodException' },
  80007: {
    headers: usage('X-Business-Use-Case-Usage', {
      '700112233445566': [
        {
          type: 'whatsapp_business_management',
          call_count: 100,
          total_cputime: 12,
          total_time: 14,
          estimated_time_to_regain_access: 14,
        },
      ],
    }),
  },
  130429: { details: 'Cloud API message throughput has been reached.' },
  130403: { title: 'Recipient is blocked by the business', details: 'This business has blocked the recipient. Unblock first.' },
  131020: { details: 'Messages cannot be sent to a group with a single member.' },
  131041: { details: 'The group does not exist or this number is not a member.' },
  131061: { details: 'A template with a max price can only be sent through marketing_messages.' },
  131063: {
    title: 'Marketing is disabled on this API',
    details: 'Marketing templates are switched off for this account on this endpoint.',
  },
  131064: { details: 'The account may not send more of these templates for now.' },
  131021: { details: 'Sender and recipient phone number is the same' },
  131026: { details: 'Message Undeliverable.' },
  131030: {
    details: 'Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again.',
  },
  131031: { details: 'The account has been restricted or disabled.' },
  131042: { details: 'Message failed to send because there were one or more errors related to your payment method.' },
  131047: {
    details: 'Message failed to send because more than 24 hours have passed since the customer last replied to this number.',
  },
  131051: { details: 'Message type is not currently supported' },
  131056: {
    details:
      'Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.',
  },
  131057: { details: 'Account is in maintenance mode' },
  131059: { details: 'The cursor has either expired or become corrupted. Start pagination from the beginning again.' },
  131062: { details: 'Business-scoped User ID (BSUID) recipients are not supported for this message.' },
  132015: { details: 'Message dropped: the template was paused because of low quality while the message was held.' },
  133000: { title: 'Incomplete Deregistration', details: 'A previous deregistration attempt failed. Deregister again.' },
  133005: { title: 'Two step verification PIN Mismatch', details: 'The PIN does not match.' },
  133006: { details: 'Phone number needs to be verified before registering.' },
  133008: { title: 'Too Many 2FA PIN Guesses', details: 'Retry after 3600 seconds.' },
  133010: { details: 'Account not registered' },
  133015: {
    title: 'Please wait a few minutes before attempting to register this phone number',
    details: 'The number was deleted recently. Wait 5 minutes.',
  },
  133016: {
    title: 'Account Register/Deregister Rate Limit Exceeded',
    details: 'Too many attempts for this phone number in a short period of time.',
  },
  138038: { details: 'Only the responder configured for calls may act on calls of this number.' },
  139100: { details: 'Failed to block some users, see the block_users response list for details' },
  147001: { details: 'Request another username.' },
  147005: { details: 'Use force_transfer to move it.' },
  2593107: { details: 'Contacts and history can each be synchronized once.' },
  2593108: { details: 'Contacts and history can be synchronized within 24 hours of onboarding.' },
}
