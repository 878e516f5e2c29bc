import { SignInForm } from '../features/sign-in/form.tsx'
import { useText } from '../lib/i18n/text.tsx'
import { signOut } from '../lib/session/session.ts'
import { useSession } from '../lib/session/session-store.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'

/** The session has ended while somebody worked: a dialog over the page. What was typed stays. */
export default function SessionEnded() {
  const t = useText()
  const email = useSession(state => state.user?.email ?? '')
  return (
    <Dialog title={t('app.ended.title')} canClose={false} onClose={() => undefined}>
      <p className="text-ink-2">{t('app.ended.text')}</p>
      <SignInForm email={email} isEmailFixed onSignedIn={() => undefined} />
      <div>
        <Button kind="link" onClick={() => void signOut()}>
          {t('app.ended.other')}
        </Button>
      </div>
    </Dialog>
  )
}
