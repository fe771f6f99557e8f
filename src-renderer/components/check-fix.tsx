import type { Check } from '../../src-shared/app-views'
import { pressBlocker } from '../press-blocker'
import { goTo } from '../router'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { CopyButton } from './copy-button'

export interface CheckFixProps {
  check: Check
  stores: Pick<AppStores, 'node' | 'diagnostics' | 'diagnosis'>
  mayOperate: boolean
  /** The check that is being set right. */
  mending: string | null
}

/** The one button of a check; a command for a terminal is shown and copied, never run. */
export function CheckFix({ check: { id, title, fix, command }, stores, mayOperate, mending }: CheckFixProps) {
  const label =
    fix === undefined ? null : fix === 'mend' ? (say.FIXES.mend[id] ?? say.FIXES.mendOther) : say.BUTTONS[fix]
  return (
    <>
      {command !== undefined && (
        <div className="check-command">
          <pre>
            <code>{command}</code>
          </pre>
          <CopyButton isSmall label={say.FIXES.copyCommand} text={() => command} />
        </div>
      )}
      {fix !== undefined && mayOperate && (
        <button
          type="button"
          className="button is-small"
          aria-label={`${label}: ${title}`}
          disabled={mending !== null}
          onClick={() =>
            fix === 'mend'
              ? void stores.diagnostics.mend(id)
              : pressBlocker(fix, stores, () => goTo({ page: 'shards' }))
          }
        >
          {mending === id ? say.FIXES.mending : label}
        </button>
      )}
    </>
  )
}
