import { isObject, type Json, listOf, text } from '../../meta/json.ts'
import { type AccountItem, timeOf } from '../../meta/webhook.ts'
import type { ClientDoc } from '../../model/documents.ts'
import { changeContact } from '../identity.ts'
import { groupKey, type State, touchConversations } from '../state.ts'
import { ignored, PROCESSED, type Verdict } from '../verdict.ts'

interface Change {
  groupId: string
  /** New name; null: the change is about something else. */
  subject: string | null
  at: Date
}

/** Gives the thread of a group the name that the group has now; the newest one counts, in any order of arrival. */
export function foldGroups(state: State, [client]: ClientDoc[], item: AccountItem): Verdict {
  if (client === undefined) return ignored('unknown phone number')
  let isNewer = false
  for (const { groupId, subject, at } of groupsOf(item)) {
    const group = state.contactsByKey.get(groupKey(client.tenantId, groupId))
    if (group === undefined || subject === null || (group.doc.nameAt && group.doc.nameAt > at)) continue
    isNewer = true
    changeContact(state, group, { name: subject, nameSource: 'profile', nameAt: at })
    touchConversations(state, group.doc._id, item.eventId)
  }
  return isNewer ? PROCESSED : ignored('nothing that is shown of a group')
}

/** What an item says of groups. */
export const groupsOf = (item: AccountItem): Change[] =>
  item.field.startsWith('group_')
    ? listOf(item.value.groups)
        .filter(isObject)
        .flatMap(group => {
          const groupId = text(group.group_id)
          if (groupId === null) return []
          return [{ groupId, subject: subjectOf(group), at: timeOf(group.timestamp, item.receivedAt) ?? item.at }]
        })
    : []

/** A subject that was refused is not the group's. */
function subjectOf({ subject, group_subject: changed, errors }: Json): string | null {
  if (isObject(changed)) return changed.update_successful === false ? null : text(changed.text)
  return listOf(errors).length > 0 ? null : text(subject)
}
