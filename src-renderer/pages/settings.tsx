import { type FormEvent, useState } from 'react'
import { useStore } from 'zustand'
import type { FilePurpose } from '../../src-shared/file-choice'
import { LANGUAGE_CHOICES } from '../../src-shared/language'
import { DEVICES, type Settings } from '../../src-shared/settings'
import { BlocksField } from '../components/blocks-field'
import { ChangedElsewhere } from '../components/changed-elsewhere'
import { ConfirmDialog } from '../components/confirm-dialog'
import { FailureNote } from '../components/failure-note'
import { FileField } from '../components/file-field'
import { useNode } from '../components/hooks'
import { IdentitySettings } from '../components/identity-settings'
import { MeterCard } from '../components/meter-card'
import { OwnerSettings, SystemSettings } from '../components/owner-settings'
import { PageHead } from '../components/page-head'
import { Programs } from '../components/programs'
import { ChoiceField, SettingRow, SwitchField, TextField } from '../components/setting-row'
import { ThemeSwitch, type ThemeSwitchProps } from '../components/theme-switch'
import { TokenField } from '../components/token-field'
import { WhatFits } from '../components/what-fits'
import { type FieldName, formOf, readForm } from '../settings-form'
import type { AppStores } from '../stores/app-stores'
import type { MeterStore } from '../stores/meter-store'
import type { SettingsStore } from '../stores/settings-store'
import { say } from '../words'
import { networkWords } from '../words/settings'

export function SettingsPage({ stores, theme, onTheme }: { stores: AppStores } & ThemeSwitchProps) {
  const { isLive, mayOperate } = useNode(stores.node)
  const settings = useStore(stores.settings.state, (state) => state.settings)
  return (
    <>
      <PageHead title={say.PAGE_NAMES.settings}>{mayOperate ? say.SETTINGS.lead : say.SETTINGS.readOnly}</PageHead>
      <div className="panels is-reading">
        {settings ? (
          <>
            <Form settings={settings} stores={stores} disabled={!isLive || !mayOperate} />
            <section className="card settings" aria-labelledby="window-title">
              <h2 id="window-title">{say.SETTINGS.sections.window}</h2>
              <SettingRow label={say.SETTINGS.themeLabel} hint={say.SETTINGS.themeHint}>
                <ThemeSwitch theme={theme} onTheme={onTheme} withWords />
              </SettingRow>
              <ChoiceField
                id="language"
                label={say.SETTINGS.languageLabel}
                hint={say.SETTINGS.languageHint}
                value={settings.language}
                choices={LANGUAGE_CHOICES.map((language) => [language, say.SETTINGS.languages[language]] as const)}
                disabled={!isLive || !mayOperate}
                onChange={(language) => void stores.settings.save({ language })}
              />
              <SwitchField
                label={say.SETTINGS.trayLabel}
                hint={say.SETTINGS.trayHint}
                isOn={settings.closeToTray}
                disabled={!isLive || !mayOperate}
                onChange={(closeToTray) => void stores.settings.save({ closeToTray })}
              />
              <SwitchField
                label={say.SETTINGS.placesLabel}
                hint={say.SETTINGS.placesHint}
                isOn={settings.locatesPeers}
                disabled={!isLive || !mayOperate}
                onChange={(locatesPeers) => void stores.settings.save({ locatesPeers })}
              />
            </section>
            <section className="card settings" aria-labelledby="checks-title">
              <h2 id="checks-title">{say.SETTINGS.sections.checks}</h2>
              <SwitchField
                label={say.SETTINGS.checksLabel}
                hint={say.SETTINGS.checksHint}
                isOn={settings.spotChecks}
                disabled={!isLive || !mayOperate}
                onChange={(spotChecks) => void stores.settings.save({ spotChecks })}
              />
            </section>
            <section className="card settings" aria-labelledby="accounts-title">
              <h2 id="accounts-title">{say.SETTINGS.sections.accounts}</h2>
              <TokenField store={stores.token} disabled={!isLive || !mayOperate} />
            </section>
            <SystemSettings settings={settings} stores={stores} disabled={!isLive || !mayOperate} />
            <OwnerSettings settings={settings} stores={stores} disabled={!isLive || !mayOperate} />
            <IdentitySettings stores={stores} disabled={!isLive || !mayOperate} />
            <Programs settings={settings} stores={stores} disabled={!isLive || !mayOperate} />
            <Network
              settings={settings}
              store={stores.settings}
              meter={stores.meter}
              disabled={!isLive || !mayOperate}
            />
          </>
        ) : (
          <p className="card empty">{say.SETTINGS.loading}</p>
        )}
      </div>
    </>
  )
}

interface PartProps {
  settings: Settings
  store: SettingsStore
  disabled: boolean
}

function Form({ settings, stores, disabled }: { settings: Settings; stores: AppStores; disabled: boolean }) {
  const store = stores.settings
  const { busy, failure } = useStore(store.state)
  const { edits, changed, isUnsaved } = useStore(stores.draft.state)
  const [isSaved, setSaved] = useState(false)
  const saved = formOf(settings)
  const form = { ...saved, ...edits }
  const { problems } = readForm(form, settings)
  const edit = (name: FieldName, value: string) => {
    setSaved(false)
    stores.draft.edit(name, value)
  }
  const underDraft = (name: FieldName) =>
    changed.has(name) && (
      <ChangedElsewhere
        label={say.FIELDS[name].label}
        value={saved[name]}
        disabled={disabled}
        onTake={() => stores.draft.drop(name)}
        onKeep={() => stores.draft.keep(name)}
      />
    )
  const field = (name: FieldName, kind: { isNumber?: boolean; isLong?: boolean } = {}) => (
    <>
      <TextField
        {...kind}
        label={say.FIELDS[name].label}
        hint={say.FIELDS[name].hint}
        placeholder={say.FIELDS[name].placeholder}
        value={form[name]}
        problem={problems.has(name) ? say.FIELDS[name].problem : null}
        disabled={disabled}
        onChange={(value) => edit(name, value)}
      />
      {underDraft(name)}
    </>
  )
  const file = (name: 'modelPath' | 'caFile', purpose: FilePurpose) => (
    <>
      <FileField
        label={say.FIELDS[name].label}
        hint={say.FIELDS[name].hint}
        placeholder={say.FIELDS[name].placeholder}
        value={form[name]}
        purpose={purpose}
        disabled={disabled}
        app={stores.app}
        onChange={(value) => edit(name, value)}
      />
      {underDraft(name)}
    </>
  )
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    if (isUnsaved) void stores.draft.save().then((isDone) => isDone && setSaved(true))
  }
  return (
    <form className="settings-form" onSubmit={onSubmit} noValidate>
      <section className="card settings" aria-labelledby="node-title">
        <h2 id="node-title">{say.SETTINGS.sections.node}</h2>
        {field('publicName')}
        {field('listenPort', { isNumber: true })}
      </section>
      <section className="card settings" aria-labelledby="engine-title">
        <h2 id="engine-title">{say.SETTINGS.sections.engine}</h2>
        {file('modelPath', 'model')}
        {field('threads', { isNumber: true })}
        {field('offeredMemoryGb', { isNumber: true })}
        <ChoiceField
          label={say.COMPUTE.label}
          hint={say.COMPUTE.choiceHint}
          value={settings.device}
          choices={DEVICES.map((device) => [device, say.COMPUTE.choices[device]] as const)}
          disabled={disabled}
          onChange={(device) => void store.save({ device })}
        />
        {field('gpuMemoryGb', { isNumber: true })}
        <BlocksField
          value={form.requestedBlocks}
          problem={problems.has('requestedBlocks') ? say.FIELDS.requestedBlocks.problem : null}
          stores={stores}
          disabled={disabled}
          onChange={(value) => edit('requestedBlocks', value)}
        />
        {underDraft('requestedBlocks')}
        {field('contextTokens', { isNumber: true })}
        {field('maxSequences', { isNumber: true })}
        <WhatFits settings={settings} stores={stores} disabled={disabled} />
      </section>
      <section className="card settings" aria-labelledby="files-title">
        <h2 id="files-title">{say.SETTINGS.sections.files}</h2>
        {field('diskCapGb', { isNumber: true })}
        {field('downloadMbitPerS', { isNumber: true })}
        <SwitchField
          label={say.SETTINGS.seedsLabel}
          hint={say.SETTINGS.seedsHint}
          isOn={settings.seeds}
          disabled={disabled}
          onChange={(seeds) => void store.save({ seeds })}
        />
        {(settings.seeds || edits.uploadMbitPerS !== undefined) && field('uploadMbitPerS', { isNumber: true })}
      </section>
      <section className="card settings" aria-labelledby="web-title">
        <h2 id="web-title">{say.SETTINGS.sections.web}</h2>
        {field('proxyUrl', { isLong: true })}
        {file('caFile', 'certificates')}
      </section>
      <section className="card settings" aria-labelledby="log-title">
        <h2 id="log-title">{say.SETTINGS.sections.log}</h2>
        {field('logDays', { isNumber: true })}
        {field('logMib', { isNumber: true })}
      </section>
      {failure && <FailureNote failure={failure} />}
      {isUnsaved ? (
        <div className="save-bar">
          <p>
            {changed.size > 0 ? (
              <>
                <b>{say.SETTINGS.changed}</b>
                <span>{say.SETTINGS.changedChoose}</span>
              </>
            ) : (
              <>
                <b>{problems.size > 0 ? say.SETTINGS.problems : say.SETTINGS.unsaved}</b>
                <span>{say.SETTINGS.nextStart}</span>
              </>
            )}
          </p>
          <button type="button" className="button" onClick={stores.draft.discard}>
            {say.SETTINGS.discard}
          </button>
          <button
            type="submit"
            className="button is-primary"
            disabled={disabled || problems.size > 0 || changed.size > 0 || busy !== null}
          >
            {busy === 'save' ? say.SETTINGS.saving : say.SETTINGS.save}
          </button>
        </div>
      ) : (
        isSaved && (
          <p className="fine" role="status">
            {say.SETTINGS.saved}. {say.SETTINGS.nextStart}
          </p>
        )
      )}
    </form>
  )
}

function Network({ settings, store, meter, disabled }: PartProps & { meter: MeterStore }) {
  const busy = useStore(store.state, (state) => state.busy)
  const [isAsking, setAsking] = useState(false)
  const { name, hint } = networkWords(settings.network)
  return (
    <section className="card settings" aria-labelledby="network-title">
      <h2 id="network-title">{say.SETTINGS.sections.network}</h2>
      <SettingRow label={name} hint={hint}>
        <button type="button" className="button" disabled={disabled || busy !== null} onClick={() => setAsking(true)}>
          {say.SETTINGS.leave}
        </button>
      </SettingRow>
      <p className="fine">{say.SETTINGS.leaveHint}</p>
      {settings.network?.kind === 'coordinator' && (
        <MeterCard store={meter} url={settings.network.url} insecure={settings.network.insecure} disabled={disabled} />
      )}
      {isAsking && (
        <ConfirmDialog
          title={say.SETTINGS.confirmTitle}
          text={settings.network?.kind === 'demo' ? say.SETTINGS.confirmTextDemo : say.SETTINGS.confirmText}
          yes={busy === 'leave' ? say.SETTINGS.leaving : say.SETTINGS.confirmYes}
          no={say.SETTINGS.confirmNo}
          isBusy={busy !== null}
          onYes={() => void store.leave().then(() => setAsking(false))}
          onNo={() => setAsking(false)}
        />
      )}
    </section>
  )
}
