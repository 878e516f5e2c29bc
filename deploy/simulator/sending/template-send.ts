import { GraphError } from '../graph/errors.ts'
import { isText, listOf, objectOf } from '../params.ts'
import type { Json, Template, World } from '../world/world.ts'
import { checkButtons } from './template-buttons.ts'
import { checkCode, checkLength, checkMediaHeader, checkTexts, wrongNumber } from './template-texts.ts'

/**
 * The template of a send, after a check that the parameters fit it.
 * @throws GraphError 132001, 132015, 132016 (the template), 100, 131008, 131009, 132000, 132005, 132012, 132018 (its parameters)
 */
export function templateOf(body: Json, wabaId: string, world: World, version: number): Template {
  const asked = objectOf(body.template)
  const template = findTemplate(asked, wabaId, world)
  const sent = listOf(asked.components).map(objectOf)
  const rules = { isNamed: template.parameterFormat === 'NAMED', isCode: template.category === 'AUTHENTICATION', version }
  checkParts(template.components, sent, rules)
  checkOffer(template.components, sent)
  checkCarousel(template.components, sent, rules)
  return template
}

interface TemplateRules {
  isNamed: boolean
  isCode: boolean
  version: number
}

/** A template by its name and the exact code of its language: `en-US` is not `en_US` here. */
function findTemplate(asked: Json, wabaId: string, world: World): Template {
  const language = isText(asked.language) ? asked.language : String(objectOf(asked.language).code)
  const name = String(asked.name)
  const details = `template name (${name}) does not exist in ${language}`
  for (const template of world.templates.values()) {
    if (template.name !== name || template.wabaId !== wabaId || template.language !== language) continue
    if (template.status === 'PAUSED') throw new GraphError(132015, { details: `Template ${name} is paused` })
    if (template.status === 'DISABLED') throw new GraphError(132016, { details: `Template ${name} is disabled` })
    if (template.status !== 'APPROVED') throw new GraphError(132001, { details })
    return template
  }
  throw new GraphError(132001, { details })
}

const typeOf = ({ type }: Json) => String(type).toLowerCase()

/** Checks header, body and buttons of a template or of a card. What the send has and the template has not is one too many. */
function checkParts(components: Json[], sent: Json[], rules: TemplateRules): void {
  for (const type of ['header', 'body']) {
    const parameters = listOf(sent.find(part => typeOf(part) === type)?.parameters).map(objectOf)
    const component = components.find(part => typeOf(part) === type)
    if (component) checkComponent(type, component, parameters, rules)
    else if (parameters.length > 0) wrongNumber(type, parameters.length, 0)
  }
  checkButtons(components, sent, rules.version)
}

function checkComponent(type: string, component: Json, parameters: Json[], rules: TemplateRules): void {
  const format = String(component.format ?? 'TEXT').toUpperCase()
  if (type === 'header' && format !== 'TEXT') {
    checkMediaHeader(format, parameters)
    return
  }
  const isBody = type === 'body'
  const text = isBody && rules.isCode ? (component.text ?? '{{1}} is your code') : component.text
  checkTexts(type, parameters, text, rules)
  if (isBody && rules.isCode) checkCode(parameters[0]?.text, rules.version)
  if (isBody) checkLength(String(text ?? ''), parameters)
}

/** An offer with an end must say when it ends. */
function checkOffer(components: Json[], sent: Json[]): void {
  const offer = objectOf(components.find(part => typeOf(part) === 'limited_time_offer')?.limited_time_offer)
  if (offer.has_expiration !== true) return
  const [parameter] = listOf(sent.find(part => typeOf(part) === 'limited_time_offer')?.parameters).map(objectOf)
  if (!Number.isFinite(objectOf(parameter?.limited_time_offer).expiration_time_ms))
    throw new GraphError(131008, { details: 'limited_time_offer: Parameter expiration_time_ms is missing' })
}

function checkCarousel(components: Json[], sent: Json[], rules: TemplateRules): void {
  const carousel = components.find(part => typeOf(part) === 'carousel')
  if (carousel === undefined) return
  const cards = listOf(carousel.cards).map(objectOf)
  const given = listOf(sent.find(part => typeOf(part) === 'carousel')?.cards).map(objectOf)
  if (given.length !== cards.length)
    throw new GraphError(132012, {
      details: `carousel: number of cards (${given.length}) does not match the expected (${cards.length})`,
    })
  for (const [index, card] of cards.entries()) {
    const mine = given.find(({ card_index }) => Number(card_index) === index)
    if (mine === undefined) throw new GraphError(131008, { details: `carousel: card_index ${index} is missing` })
    checkParts(listOf(card.components).map(objectOf), listOf(mine.components).map(objectOf), rules)
  }
}
