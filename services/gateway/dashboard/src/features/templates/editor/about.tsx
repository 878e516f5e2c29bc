import { useLingui } from '@lingui/react'
import { useText } from '../../../lib/i18n/text.tsx'
import { Field, Input, Select } from '../../../ui/field.tsx'
import { CATEGORIES, type Category } from '../search.ts'
import { asName, type Draft } from './draft.ts'
import { useProblem } from './said.ts'

/** Languages of templates that are asked for most; WhatsApp's codes. */
const LANGUAGES = [
  ...['ar', 'de', 'en', 'en_GB', 'en_US', 'es', 'es_MX', 'fr', 'he', 'hi', 'id', 'it', 'ja', 'nl', 'pl', 'pt_BR', 'pt_PT'],
  ...['ru', 'sw', 'tr', 'uk', 'ur', 'vi', 'zh_CN'],
]

export interface PartProps {
  draft: Draft
  change(changes: Partial<Draft>): void
}

/** Name, language and category: what cannot be changed later. */
export function About({ draft, change }: PartProps) {
  const t = useText()
  const { i18n } = useLingui()
  const problem = useProblem()
  const names = new Intl.DisplayNames([i18n.locale], { type: 'language' })
  const nameOf = (code: string) => names.of(code.replaceAll('_', '-')) ?? code
  return (
    <section className="grid gap-4" aria-label={t('editor.about')}>
      <Field label={t('editor.name')} hint={t('editor.name.hint')} problem={problem('name')}>
        {ids => (
          <Input
            {...ids}
            dir="ltr"
            maxLength={512}
            autoComplete="off"
            spellCheck={false}
            className="font-mono"
            value={draft.name}
            onChange={event => change({ name: asName(event.target.value) })}
          />
        )}
      </Field>
      <Field label={t('templates.language')} hint={t('editor.language.hint')} problem={problem('language')}>
        {ids => (
          <Select {...ids} value={draft.language} onChange={event => change({ language: event.target.value })}>
            {LANGUAGES.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b), i18n.locale)).map(code => (
              <option key={code} value={code}>
                {nameOf(code)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <CategoryField draft={draft} change={change} />
    </section>
  )
}

/** What a template is for, by which Meta reviews and prices it. */
export function CategoryField({ draft, change }: PartProps) {
  const t = useText()
  const problem = useProblem()
  return (
    <fieldset className="grid gap-2">
      <legend className="weight-name mb-1">{t('templates.category')}</legend>
      {CATEGORIES.toReversed().map(category => (
        <CategoryChoice
          key={category}
          category={category}
          isChosen={draft.category === category}
          onChoose={() => change({ category })}
        />
      ))}
      {problem('category') && <p className="text-fail">{problem('category')}</p>}
    </fieldset>
  )
}

function CategoryChoice({ category, isChosen, onChoose }: { category: Category; isChosen: boolean; onChoose(): void }) {
  const t = useText()
  return (
    <label className="grid min-h-6 grid-cols-[1rem_minmax(0,1fr)] items-start gap-x-2 pointer-coarse:min-h-11">
      <input type="radio" name="category" className="mt-1 size-4" checked={isChosen} onChange={onChoose} />
      <span>
        {t(`templates.category.${category}`)}
        <span className="block text-meta text-ink-3">{t(`editor.category.${category}`)}</span>
      </span>
    </label>
  )
}
