import type { Icon as TablerIcon } from '@tabler/icons-react'
import clsx from 'clsx'

/** Which icon stands for what. Everyone imports from here, by meaning. */
export {
  IconActivity as OperationsIcon,
  IconAddressBook as ContactsIcon,
  IconAdjustmentsHorizontal as SettingsIcon,
  IconAlertCircle as FailIcon,
  IconArrowBackUp as ReplyIcon,
  IconArrowLeft as BackIcon,
  IconArrowsSort as SortIcon,
  IconBell as BellIcon,
  IconBolt as QuickReplyIcon,
  IconBroadcast as LiveIcon,
  IconCash as CostIcon,
  IconChartBar as AnalyticsIcon,
  IconCheck as CheckIcon,
  IconChecks as ChecksIcon,
  IconChevronDown as DownIcon,
  IconChevronUp as UpIcon,
  IconClock as ClockIcon,
  IconCopy as CopyIcon,
  IconDeviceSim as NumbersIcon,
  IconDots as MoreIcon,
  IconEye as ShowIcon,
  IconEyeOff as HideIcon,
  IconFileText as DocumentIcon,
  IconFilter as FilterIcon,
  IconInbox as InboxIcon,
  IconInfoCircle as InfoIcon,
  IconKeyboard as KeyboardIcon,
  IconLanguage as LanguageIcon,
  IconLock as LockIcon,
  IconLogout as SignOutIcon,
  IconMapPin as PlaceIcon,
  IconMenu2 as MenuIcon,
  IconMicrophone as VoiceIcon,
  IconMoonStars as ThemeIcon,
  IconPaperclip as AttachIcon,
  IconPhoto as PictureIcon,
  IconPlayerPause as PauseIcon,
  IconPlayerPlay as PlayIcon,
  IconPlus as PlusIcon,
  IconRefresh as RefreshIcon,
  IconRoute as TimelineIcon,
  IconSearch as SearchIcon,
  IconSend as SendIcon,
  IconSpeakerphone as CampaignsIcon,
  IconTable as TableIcon,
  IconTag as LabelIcon,
  IconTemplate as TemplatesIcon,
  IconUser as UserIcon,
  IconUsers as PeopleIcon,
  IconWifiOff as OfflineIcon,
  IconX as CloseIcon,
  IconZzz as SnoozeIcon,
} from '@tabler/icons-react'
export type { TablerIcon }

/** An icon beside its word. Hidden from screen readers: the word is there, or the `aria-label` of its button. */
export function Icon({ of: Drawn, size = 18, className }: { of: TablerIcon; size?: number; className?: string | undefined }) {
  return <Drawn size={size} stroke={1.6} aria-hidden="true" className={clsx('shrink-0', className)} />
}
