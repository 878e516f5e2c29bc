/** What the composer loads when it is first asked for, as one chunk: its parts share most of what they are made of. */

export { chosenFile } from '../../../lib/outbox/chosen-file.ts'
export { default as Attachments } from './attachments.tsx'
export { default as EmojiPanel } from './extras/emoji-panel.tsx'
export { default as InteractiveDialog } from './extras/interactive-dialog.tsx'
export { default as LaterPanel } from './extras/later-panel.tsx'
export { default as VoicePanel } from './extras/voice-panel.tsx'
export { default as MentionList } from './suggest/mention-list.tsx'
export { default as QuickReplyList } from './suggest/quick-reply-list.tsx'
export { default as FallbackDialog } from './templates/fallback-dialog.tsx'
export { default as TemplatePicker } from './templates/template-picker.tsx'
