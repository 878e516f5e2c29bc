import type { TextId } from '../i18n/text-ids.ts'

/** What can be done by keys. A page says what it means there: `useShortcuts`. */
export type ShortcutId =
  | 'palette'
  | 'shortcuts'
  | 'search'
  | 'goInbox'
  | 'goContacts'
  | 'goTemplates'
  | 'goCampaigns'
  | 'goAnalytics'
  | 'goOperations'
  | 'goNumbers'
  | 'goPeople'
  | 'previous'
  | 'next'
  | 'previousTab'
  | 'nextTab'
  | 'reply'
  | 'note'
  | 'template'
  | 'assign'
  | 'assignMe'
  | 'labels'
  | 'close'
  | 'closeAndNext'
  | 'snooze'
  | 'unread'
  | 'timeline'
  | 'nextPane'
  | 'previousPane'
  | 'back'

export interface Binding {
  id: ShortcutId
  /** In the words of tinykeys; any of them. */
  keys: string[]
  /** As the sheet shows them. */
  shown: string[]
  text: TextId
  group: 'everywhere' | 'list' | 'conversation'
  /** A single letter or sign: only while no field has the focus, and can be switched off. */
  isSingle: boolean
}

const single = (id: ShortcutId, key: string, group: Binding['group'], shown = key.toUpperCase()): Binding => ({
  id,
  keys: [key],
  shown: [shown],
  text: `lib.shortcut.${id}`,
  group,
  isSingle: true,
})
/** G, then a letter. */
const go = (id: ShortcutId, letter: string): Binding => ({
  id,
  keys: [`g ${letter}`],
  shown: ['G', letter.toUpperCase()],
  text: `lib.shortcut.${id}`,
  group: 'everywhere',
  isSingle: true,
})

/** The one table: it binds the keys, fills the sheet behind `?`, and is tested. Signs may need a modifier on other keyboards. */
export const BINDINGS: Binding[] = [
  { id: 'palette', keys: ['$mod+k'], shown: ['Ctrl', 'K'], text: 'lib.shortcut.palette', group: 'everywhere', isSingle: false },
  single('shortcuts', '[Shift]+?', 'everywhere', '?'),
  single('search', '[Shift]+/', 'everywhere', '/'),
  go('goInbox', 'i'),
  go('goContacts', 'c'),
  go('goTemplates', 't'),
  go('goCampaigns', 'm'),
  go('goAnalytics', 'a'),
  go('goOperations', 'o'),
  go('goNumbers', 'n'),
  go('goPeople', 'u'),
  { id: 'nextPane', keys: ['F6'], shown: ['F6'], text: 'lib.shortcut.nextPane', group: 'everywhere', isSingle: false },
  {
    id: 'previousPane',
    keys: ['Shift+F6'],
    shown: ['Shift', 'F6'],
    text: 'lib.shortcut.previousPane',
    group: 'everywhere',
    isSingle: false,
  },
  { id: 'back', keys: ['Escape'], shown: ['Esc'], text: 'lib.shortcut.back', group: 'everywhere', isSingle: false },
  { ...single('next', 'j', 'list'), keys: ['j', 'Alt+ArrowDown'], shown: ['J'] },
  { ...single('previous', 'k', 'list'), keys: ['k', 'Alt+ArrowUp'], shown: ['K'] },
  single('previousTab', '[Control]+[Alt]+[', 'list', '['),
  single('nextTab', '[Control]+[Alt]+]', 'list', ']'),
  single('reply', 'r', 'conversation'),
  single('note', 'n', 'conversation'),
  single('template', 't', 'conversation'),
  single('assign', 'a', 'conversation'),
  single('assignMe', 'm', 'conversation'),
  single('labels', 'l', 'conversation'),
  single('close', 'e', 'conversation'),
  { ...single('closeAndNext', 'Shift+e', 'conversation'), shown: ['Shift', 'E'] },
  single('snooze', 'z', 'conversation'),
  single('unread', 'u', 'conversation'),
  single('timeline', 'd', 'conversation'),
]

/** The words on the keys of this machine: Cmd on a Mac. */
export const shownOn = (keys: string[], isMac: boolean): string[] => keys.map(key => (isMac && key === 'Ctrl' ? '⌘' : key))
export const isMac = (): boolean => /Mac|iP(hone|ad|od)/.test(navigator.platform)
