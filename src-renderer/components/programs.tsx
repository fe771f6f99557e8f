import { useEffect } from 'react'
import { useStore } from 'zustand'
import type { Settings } from '../../src-shared/settings'
import type { AppStores } from '../stores/app-stores'
import { SETTINGS } from '../words/settings'
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
      <h2 id="programs-title">{SETTINGS.sections.programs}</h2>
      <SwitchField
        label={SETTINGS.apiLabel}
        hint={SETTINGS.apiHint}
        isOn={apiAccess !== 'off'}
        disabled={disabled}
        onChange={(isOn) => save(isOn ? 'loopback' : 'off')}
      />
      {apiAccess !== 'off' && (
        <SwitchField
          label={SETTINGS.apiLanLabel}
          hint={SETTINGS.apiLanHint}
          isOn={apiAccess === 'lan'}
          // A demonstration stays on this computer (C-40).
          disabled={disabled || network?.kind === 'demo'}
          onChange={(isOn) => save(isOn ? 'lan' : 'loopback')}
        />
      )}
      {view?.url && (
        <SettingRow label={SETTINGS.apiAddress} hint={SETTINGS.apiAddressHint}>
          <CopyText text={view.url} shown={view.url} what="the address" />
        </SettingRow>
      )}
      {view?.key && (
        <SettingRow label={SETTINGS.apiKey} hint={SETTINGS.apiKeyHint}>
          <CopyText text={view.key} shown={`${view.key.slice(0, SHOWN_OF_KEY)}…`} what="the key" />
        </SettingRow>
      )}
      {view?.error && <FailureNote failure={view.error} />}
    </section>
  )
}
