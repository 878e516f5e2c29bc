import { type ComponentType, lazy } from 'react'
import { loadTexts } from './i18n/i18n.ts'
import { loadChunk } from './load-chunk.ts'

/**
 * A component in a chunk of its own, which is loaded when it is first shown.
 * @param folders whose texts it says: `features/settings/events`
 */
export const lazyPart = <Props>(load: () => Promise<{ default: ComponentType<Props> }>, ...folders: string[]) =>
  lazy(async () => {
    const [loaded] = await Promise.all([loadChunk(load), ...folders.map(loadTexts)])
    return loaded
  })
