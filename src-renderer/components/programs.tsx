import { useEffect } from 'react'
import { useStore } from 'zustand'
import type { Settings } from '../../src-shared/settings'
import type { AppStores } from '../stores/app-stores'
import { say } from '../words'
import { FailureNote } from './failure-note'
import { SettingRow, SwitchField } from './setting-row'
import { CopyText } from './text'

const SHOWN_OF_KEY = 6

/** Who may ask through the API for programs, and what they need for it. */
export function Programs({ settings, stores, disabled }: { settings: Settings; stores: AppStores; disabled: boolean }) {
  const view = useStore(stores.api.state, (state) => state.view)
  const { apiAccess, apiPort, network } = settings
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the settings change, the answer may
  useEffect(() => {
    if (!disabled) stores.api.ask()
  }, [disabled, apiAccess, apiPort, stores.api])
  const save = (access: Settings['apiAccess']) =>
    void stores.settings.save({ apiAccess: access }).then(() => stores.api.ask())
  return (
    <section className="card settings" aria-labelledby="programs-title">
      <h2 id="programs-title">{say.SETTINGS.sections.programs}</h2>
      <SwitchField
        label={say.SETTINGS.apiLabel}
        hint={say.SETTINGS.apiHint}
        isOn={apiAccess !== 'off'}
        disabled={disabled}
        onChange={(isOn) => save(isOn ? 'loopback' : 'off')}
      />
      {apiAccess !== 'off' && (
        <SwitchField
          label={say.SETTINGS.apiLanLabel}
          hint={say.SETTINGS.apiLanHint}
          isOn={apiAccess === 'lan'}
          // A demonstration stays on this computer (C-40).
          disabled={disabled || network?.kind === 'demo'}
          onChange={(isOn) => save(isOn ? 'lan' : 'loopback')}
        />
      )}
      {view?.url && (
        <SettingRow label={say.SETTINGS.apiAddress} hint={say.SETTINGS.apiAddressHint}>
          <CopyText text={view.url} shown={view.url} what={say.SETTINGS.apiAddressName} />
        </SettingRow>
      )}
      {view?.key && (
        <SettingRow label={say.SETTINGS.apiKey} hint={say.SETTINGS.apiKeyHint}>
          <CopyText text={view.key} shown={`${view.key.slice(0, SHOWN_OF_KEY)}…`} what={say.SETTINGS.apiKeyName} />
        </SettingRow>
      )}
      {view?.error && <FailureNote failure={view.error} />}
    </section>
  )
}
