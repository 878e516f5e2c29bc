import { expect, test } from 'vitest'
import { isVisible } from './visible-text.ts'

test.for<[string, string]>([
  ['nothing', ''],
  ['spaces and lines', ' \t\n\u00a0\u2003\u3000'],
  ['a zero-width space', '\u200b'],
  ['a joiner and a byte order mark', '\u200d\ufeff'],
  ['direction marks', '\u200e\u202a\u2066\u2069\u202c'],
  ['Hangul fillers', '\u3164\uffa0\u115f'],
  ['the blank Braille pattern', '\u2800'],
  ['a soft hyphen', '\u00ad'],
  ['variation selectors and tags', '\ufe0f\u{e0020}'],
  ['interlinear marks', '\ufff9\ufffb'],
])('%s shows nothing', ([, text]) => {
  expect(isVisible(text)).toBe(false)
})

test.for(['.', ' a ', '\u200eمرحبا\u200e', '👍🏽', '❤️', '1\ufe0f\u20e3', '\u{1f1f2}\u{1f1e6}', '-'])(
  '"%s" shows something',
  text => {
    expect(isVisible(text)).toBe(true)
  },
)
