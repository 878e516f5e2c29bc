import type app from '../../app/texts.json'
import type analytics from '../../features/analytics/texts.json'
import type campaigns from '../../features/campaigns/texts.json'
import type firstMessage from '../../features/contacts/first-message/texts.json'
import type contacts from '../../features/contacts/texts.json'
import type composer from '../../features/inbox/composer/texts.json'
import type firstSteps from '../../features/inbox/first-steps/texts.json'
import type message from '../../features/inbox/message/texts.json'
import type pick from '../../features/inbox/pickers/texts.json'
import type routing from '../../features/inbox/routing/texts.json'
import type side from '../../features/inbox/side/texts.json'
import type inbox from '../../features/inbox/texts.json'
import type thread from '../../features/inbox/thread/texts.json'
import type timeline from '../../features/inbox/timeline/texts.json'
import type notifications from '../../features/notifications/texts.json'
import type profile from '../../features/numbers/profile/texts.json'
import type numbers from '../../features/numbers/texts.json'
import type offline from '../../features/offline/texts.json'
import type operations from '../../features/operations/texts.json'
import type people from '../../features/people/texts.json'
import type assignment from '../../features/settings/assignment/texts.json'
import type costs from '../../features/settings/costs/texts.json'
import type events from '../../features/settings/events/texts.json'
import type hours from '../../features/settings/hours/texts.json'
import type labels from '../../features/settings/labels/texts.json'
import type limits from '../../features/settings/limits/texts.json'
import type replies from '../../features/settings/quick-replies/texts.json'
import type settings from '../../features/settings/texts.json'
import type signIn from '../../features/sign-in/texts.json'
import type editor from '../../features/templates/editor/texts.json'
import type templates from '../../features/templates/texts.json'
import type tenants from '../../features/tenants/texts.json'
import type welcome from '../../features/welcome/texts.json'
import type form from '../../ui/form/texts.json'
import type templateParts from '../../ui/templates/texts.json'
import type ui from '../../ui/texts.json'
import type lib from '../texts.json'

/** Every text of the dashboard by its id. A new folder with a `texts.json` has its line here. */
export type TextId =
  | keyof typeof analytics
  | keyof typeof app
  | keyof typeof assignment
  | keyof typeof campaigns
  | keyof typeof composer
  | keyof typeof contacts
  | keyof typeof costs
  | keyof typeof editor
  | keyof typeof events
  | keyof typeof firstMessage
  | keyof typeof firstSteps
  | keyof typeof form
  | keyof typeof hours
  | keyof typeof inbox
  | keyof typeof labels
  | keyof typeof lib
  | keyof typeof limits
  | keyof typeof message
  | keyof typeof notifications
  | keyof typeof numbers
  | keyof typeof offline
  | keyof typeof operations
  | keyof typeof people
  | keyof typeof pick
  | keyof typeof profile
  | keyof typeof replies
  | keyof typeof side
  | keyof typeof routing
  | keyof typeof settings
  | keyof typeof signIn
  | keyof typeof templateParts
  | keyof typeof templates
  | keyof typeof tenants
  | keyof typeof timeline
  | keyof typeof thread
  | keyof typeof ui
  | keyof typeof welcome
