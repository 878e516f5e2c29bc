import { useText } from '../../lib/i18n/text.tsx'
import { type Component, partOf, partsIn, type SampleVariable, sampleText, upper } from '../../lib/templates/sample-text.ts'
import { Formatted } from '../formatted.tsx'
import { DocumentIcon, Icon, PictureIcon, PlaceIcon, PlayIcon } from '../icons.tsx'

const MEDIA = { IMAGE: PictureIcon, VIDEO: PlayIcon, DOCUMENT: DocumentIcon, LOCATION: PlaceIcon } as const
const WORDLESS = ['COPY_CODE', 'OTP', 'CATALOG', 'FLOW', 'VOICE_CALL'] as const

interface PhoneProps {
  template: { components: readonly Component[]; variables: readonly SampleVariable[] }
}

/** A template as its reader sees it, with the samples in place of the variables. */
export function Phone({ template: { components, variables } }: PhoneProps) {
  const cards = partsIn(partOf(components, 'CAROUSEL'), 'cards')
  return (
    <div className="grid gap-2 rounded-3 border border-line bg-sunk p-3" data-phone>
      <Bubble components={components} variables={variables} />
      {cards.length > 0 && (
        <ul className="flex gap-2 overflow-x-auto pb-1">
          {cards.map((card, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the cards of a template have no other identity
            <li key={i} className="w-48 shrink-0">
              <Bubble components={Array.isArray(card.components) ? card.components : []} variables={[]} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Bubble({ components, variables }: { components: readonly Component[]; variables: readonly SampleVariable[] }) {
  const t = useText()
  const header = partOf(components, 'HEADER')
  const body = partOf(components, 'BODY')
  const headerText = sampleText(header, variables)
  const bodyText = sampleText(body, variables)
  const footer = sampleText(partOf(components, 'FOOTER'), [])
  const buttons = partsIn(partOf(components, 'BUTTONS'), 'buttons')
  return (
    <div className="min-w-0 rounded-3 border border-line bg-bubble-in text-text shadow-1">
      <div className="grid gap-1 p-2.5">
        {headerText === null ? (
          header && <HeaderMedia format={upper(header.format)} />
        ) : (
          <p dir="auto" className="weight-name wrap-anywhere">
            {headerText}
          </p>
        )}
        {bodyText !== null && (
          <p dir="auto" className="wrap-anywhere whitespace-pre-wrap">
            <Formatted text={bodyText} isSample />
          </p>
        )}
        {body && bodyText === null && <p className="text-ink-2">{t('templates.metaText')}</p>}
        {footer && (
          <p dir="auto" className="text-meta wrap-anywhere text-ink-3">
            {footer}
          </p>
        )}
      </div>
      {buttons.map((button, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the buttons of a template have no other identity
        <p key={i} className="border-t border-line px-2.5 py-2 text-center text-ui font-medium wrap-anywhere text-brand">
          <ButtonText button={button} />
        </p>
      ))}
    </div>
  )
}

function HeaderMedia({ format }: { format: string }) {
  const t = useText()
  if (!Object.hasOwn(MEDIA, format)) return <p className="text-meta text-ink-3">{format}</p>
  const known = format as keyof typeof MEDIA
  return (
    <div className="grid h-24 place-content-center justify-items-center gap-1 rounded-2 bg-sunk text-ink-3">
      <Icon of={MEDIA[known]} size={24} />
      <span className="text-meta">{t(`templates.header.${known}`)}</span>
    </div>
  )
}

function ButtonText({ button: { type, text } }: { button: Component }) {
  const t = useText()
  if (typeof text === 'string' && text !== '') return <bdi>{text}</bdi>
  const wordless = WORDLESS.find(one => one === upper(type))
  return wordless ? t(`templates.button.${wordless}`) : <bdi>{upper(type)}</bdi>
}
