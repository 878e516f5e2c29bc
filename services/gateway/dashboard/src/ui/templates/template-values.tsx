import { type RefObject, useState } from 'react'
import type { TemplateToSend } from '#shared/contracts/outbound.ts'
import { useText } from '../../lib/i18n/text.tsx'
import { type ChosenFile, chosenFile } from '../../lib/outbox/chosen-file.ts'
import { fillIn, headerKind, knownValues, placesOf, type SendableTemplate } from '../../lib/templates/sendable.ts'
import { Field } from '../field.tsx'
import { FileInput } from '../file-input.tsx'
import { Phone } from './phone.tsx'
import { PlaceField } from './place-field.tsx'

const TYPES = { image: 'image/jpeg,image/png', video: 'video/mp4,video/3gpp', document: undefined }

/** A template that can go out. */
export interface Filled {
  template: TemplateToSend
  /** File of its header, which is uploaded first. */
  file: ChosenFile | null
  /** Its text with the values. */
  text: string | null
}

/**
 * What was typed into the places of a template, and what is wrong with it.
 * @param form the focus goes to the first wrong field in it @param name of the person, for a place that asks for it
 */
export function useTemplateValues(form: RefObject<HTMLElement | null>, template: SendableTemplate, name: string | null) {
  const [values, setValues] = useState(() => knownValues(template, name))
  const [file, setFile] = useState<ChosenFile | null>(null)
  const [isAsked, setAsked] = useState(false)
  const fill = fillIn(template, values, file !== null)
  const fileProblem = file !== null && file.kind !== headerKind(template)
  return {
    values,
    fileProblem,
    /** Name of the file of the header. */
    chosenName: file?.name,
    problems: (isAsked && fill.problems) || ({} as Record<string, string>),
    setValue: (name: string, value: string) => setValues({ ...values, [name]: value }),
    setFile: (chosen: File) => setFile(chosenFile(chosen)),
    /** What goes out; null when something is wrong, which is said from then on. */
    filled(): Filled | null {
      setAsked(true)
      if (fill.problems || fileProblem) {
        requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus())
        return null
      }
      const names = new Set(placesOf(template).map(({ name }) => name))
      const variables = Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)))
      return { template: { templateId: template.id, variables }, file, text: fill.text }
    },
  }
}

export type TemplateValues = ReturnType<typeof useTemplateValues>

/** A field for the file of the header and for each place of a template. */
export function ValueFields({ template, given }: { template: SendableTemplate; given: TemplateValues }) {
  const t = useText()
  const kind = headerKind(template)
  const { values, setValue, setFile, chosenName, problems, fileProblem } = given
  return (
    <div className="grid gap-3 @min-[50rem]:grid-cols-2">
      {kind && (
        <Field
          label={t(`templates.header.${kind.toUpperCase() as 'IMAGE'}`)}
          problem={fileProblem ? t('templates.value.fileType') : problems[''] && t('templates.value.file')}
        >
          {ids => <FileInput {...ids} accept={TYPES[kind]} chosen={chosenName} onChoose={setFile} />}
        </Field>
      )}
      {placesOf(template).map(place => (
        <PlaceField
          key={place.name}
          place={place}
          value={values[place.name] ?? ''}
          problem={problems[place.name]}
          onChange={value => setValue(place.name, value)}
        />
      ))}
    </div>
  )
}

/** The template on a phone, with what was typed in its places; what is empty stays a place. */
export function FilledPhone({ template, values }: { template: SendableTemplate; values: Readonly<Record<string, string>> }) {
  const t = useText()
  const variables = template.variables.map(variable => ({ ...variable, example: values[variable.name]?.trim() || null }))
  // Without the samples that Meta has, which would stand in the places of what is empty.
  const components = template.components.map(({ example: _sample, ...component }) => component)
  return (
    <figure aria-label={t('templates.pick.preview')} className="max-w-full @min-[38rem]:w-88 @min-[38rem]:justify-self-end">
      <Phone template={{ components, variables }} />
    </figure>
  )
}
