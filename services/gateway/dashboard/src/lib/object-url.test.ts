import { renderHook } from '@testing-library/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import { useObjectUrl } from './object-url.ts'

test('the address is that of the present file: no render shows one that is about to end', () => {
  const made: string[] = []
  const ended: (string | undefined)[] = []
  vi.stubGlobal(
    'URL',
    Object.assign(class extends URL {}, {
      createObjectURL: () => made[made.push(`blob:${made.length}`) - 1],
      revokeObjectURL: (url: string) => ended.push(url),
    }),
  )
  onTestFinished(() => void vi.unstubAllGlobals())
  const [one, other] = [new Blob(['1']), new Blob(['2'])]
  const shown: (string | null)[] = []
  const { rerender, unmount } = renderHook(
    ({ content }) => {
      shown.push(useObjectUrl(content))
    },
    { initialProps: { content: one as Blob | null } },
  )
  const showsAfter = (content: Blob | null) => {
    shown.length = 0
    rerender({ content })
    return [...new Set(shown)]
  }
  expect(shown.at(-1)).toBe('blob:0')
  expect(showsAfter(other)).toEqual([null, 'blob:1'])
  expect(ended).toEqual(['blob:0'])
  expect(showsAfter(null)).toEqual([null])
  expect(ended).toEqual(['blob:0', 'blob:1'])
  unmount()
  expect(ended).toHaveLength(2)
})
