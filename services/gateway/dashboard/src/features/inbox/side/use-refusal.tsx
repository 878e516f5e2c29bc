import { Problem } from '../../../lib/api/client.ts'
import { Text } from '../../../lib/i18n/text.tsx'
import { showToast } from '../../../ui/toasts.tsx'

/** Says why the server did not save something. */
export function useRefusal(): (error: unknown) => void {
  return error =>
    void showToast({
      kind: 'fail',
      text: <Text id="inbox.action.failed" values={{ why: error instanceof Problem ? error.detail : '' }} />,
    })
}
