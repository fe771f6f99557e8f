import { useStore } from 'zustand'
import type { AppView, PauseReason } from '../../src-shared/app-view'
import type { Settings } from '../../src-shared/settings'
import { closeSentence } from '../format'
import { whyOffline } from '../internet'
import type { AppStores } from '../stores/app-stores'
import type { SettingsPatch } from '../stores/settings-store'
import { say } from '../words'
import { minutesOf, timeOf, updateWords } from '../words/app'
import { FailureNote } from './failure-note'
import { SettingRow, SwitchField } from './setting-row'

export interface OwnerSettingsProps {
  settings: Settings
  stores: Pick<AppStores, 'settings' | 'app'>
  disabled: boolean
}

const SWITCHES = {
  battery: 'pauseOnBattery',
  metered: 'pauseOnMetered',
  'full-screen': 'pauseInFullScreen',
  'user-active': 'pauseWhenActive',
} as const satisfies Partial<Record<PauseReason, keyof Settings>>
const REASONS = ['battery', 'metered', 'full-screen', 'user-active'] as const satisfies readonly PauseReason[]

/** When the node rests for the person at this computer. Reasons that this system cannot tell are not offered. */
export function OwnerSettings({ settings, stores, disabled }: OwnerSettingsProps) {
  const view = useStore(stores.app.state, (state) => state.view)
  const save = (patch: SettingsPatch) => void stores.settings.save(patch)
  return (
    <section className="card settings" aria-labelledby="owner-title">
      <h2 id="owner-title">{say.OWNER.title}</h2>
      <p className="fine owner-lead">{say.OWNER.lead}</p>
      {REASONS.map((reason) => {
        const can = view?.canPauseFor.includes(reason) ?? false
        const { label, hint } = say.OWNER.reasons[reason]
        return (
          <SwitchField
            key={reason}
            label={label}
            hint={can || view === null ? hint : `${hint} ${say.OWNER.cannot}.`}
            isOn={settings[SWITCHES[reason]]}
            disabled={disabled || !(can || settings[SWITCHES[reason]])}
            onChange={(isOn) => save({ [SWITCHES[reason]]: isOn })}
          />
        )
      })}
      <QuietHours settings={settings} disabled={disabled} onSave={save} />
    </section>
  )
}

const FIRST_HOURS = { fromMinute: 22 * 60, toMinute: 7 * 60 }

function QuietHours({
  settings: { quietHours },
  disabled,
  onSave,
}: {
  settings: Settings
  disabled: boolean
  onSave(patch: SettingsPatch): void
}) {
  const change = (name: 'fromMinute' | 'toMinute', time: string) => {
    const minutes = minutesOf(time)
    // Half-typed times come as empty.
    if (quietHours && minutes !== null) onSave({ quietHours: { ...quietHours, [name]: minutes } })
  }
  return (
    <>
      <SwitchField
        label={say.OWNER.quietLabel}
        hint={say.OWNER.quietHint}
        isOn={quietHours !== null}
        disabled={disabled}
        onChange={(isOn) => onSave({ quietHours: isOn ? FIRST_HOURS : null })}
      />
      {quietHours && (
        <div className="quiet-hours">
          {(['fromMinute', 'toMinute'] as const).map((name) => (
            <label key={name} className="quiet-span">
              {name === 'fromMinute' ? say.OWNER.quietFrom : say.OWNER.quietTo}
              <input
                className="field"
                type="time"
                value={timeOf(quietHours[name])}
                disabled={disabled}
                onChange={(event) => change(name, event.target.value)}
              />
            </label>
          ))}
        </div>
      )}
    </>
  )
}

/** What only a desktop app can do: start with the system, notify, update itself. */
export function SystemSettings({ settings, stores, disabled }: OwnerSettingsProps) {
  const { view, busy, failure } = useStore(stores.app.state)
  if (view?.host !== 'desktop') return null
  const { startsAtLogin } = view
  const isRefused = startsAtLogin !== null && startsAtLogin !== settings.startsAtLogin
  return (
    <section className="card settings" aria-labelledby="system-title">
      <h2 id="system-title">{say.SYSTEM.title}</h2>
      {startsAtLogin !== null && (
        <SwitchField
          label={say.SYSTEM.loginLabel}
          hint={isRefused && settings.startsAtLogin ? say.SYSTEM.loginFailed : say.SYSTEM.loginHint}
          isOn={startsAtLogin}
          disabled={disabled}
          onChange={(isOn) => void stores.settings.save({ startsAtLogin: isOn })}
        />
      )}
      <SwitchField
        label={say.SYSTEM.noticesLabel}
        hint={say.SYSTEM.noticesHint}
        isOn={settings.notifications}
        disabled={disabled}
        onChange={(notifications) => void stores.settings.save({ notifications })}
      />
      <UpdateRow view={view} isBusy={busy !== null} disabled={disabled} onPress={() => void stores.app.update()} />
      {failure && <FailureNote failure={failure} />}
    </section>
  )
}

function UpdateRow({
  view,
  isBusy,
  disabled,
  onPress,
}: {
  view: AppView
  isBusy: boolean
  disabled: boolean
  onPress(): void
}) {
  const { hint, button } = updateWords(view, view.update)
  // What is here already is installed without the internet.
  const offline = button !== null && view.update.state !== 'ready' ? whyOffline(view) : null
  return (
    <SettingRow label={say.SYSTEM.updateLabel} hint={offline === null ? hint : `${closeSentence(hint)} ${offline}`}>
      {button && (
        <button type="button" className="button" disabled={disabled || isBusy || offline !== null} onClick={onPress}>
          {button}
        </button>
      )}
    </SettingRow>
  )
}
