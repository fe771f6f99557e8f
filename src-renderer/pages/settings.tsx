import { type FormEvent, useState } from 'react'
import { useStore } from 'zustand'
import type { FilePurpose } from '../../src-shared/file-choice'
import type { Settings } from '../../src-shared/settings'
import { BlocksField } from '../components/blocks-field'
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
import { formOf, readForm } from '../settings-form'
import type { AppStores } from '../stores/app-stores'
import type { MeterStore } from '../stores/meter-store'
import type { SettingsStore } from '../stores/settings-store'
import { PAGE_NAMES } from '../words/pages'
import { COMPUTE, FIELDS, type FieldName, networkWords, SETTINGS } from '../words/settings'

export function SettingsPage({ stores, theme, onTheme }: { stores: AppStores } & ThemeSwitchProps) {
  const { isLive, mayOperate } = useNode(stores.node)
  const settings = useStore(stores.settings.state, (state) => state.settings)
  return (
    <>
      <PageHead title={PAGE_NAMES.settings}>{mayOperate ? SETTINGS.lead : SETTINGS.readOnly}</PageHead>
      <div className="panels is-reading">
        {settings ? (
          <>
            <Form settings={settings} stores={stores} disabled={!isLive || !mayOperate} />
            <section className="card settings" aria-labelledby="window-title">
              <h2 id="window-title">{SETTINGS.sections.window}</h2>
              <SettingRow label={SETTINGS.themeLabel} hint={SETTINGS.themeHint}>
                <ThemeSwitch theme={theme} onTheme={onTheme} withWords />
              </SettingRow>
              <SwitchField
                label={SETTINGS.trayLabel}
                hint={SETTINGS.trayHint}
                isOn={settings.closeToTray}
                disabled={!isLive || !mayOperate}
                onChange={(closeToTray) => void stores.settings.save({ closeToTray })}
              />
              <SwitchField
                label={SETTINGS.placesLabel}
                hint={SETTINGS.placesHint}
                isOn={settings.locatesPeers}
                disabled={!isLive || !mayOperate}
                onChange={(locatesPeers) => void stores.settings.save({ locatesPeers })}
              />
            </section>
            <section className="card settings" aria-labelledby="checks-title">
              <h2 id="checks-title">{SETTINGS.sections.checks}</h2>
              <SwitchField
                label={SETTINGS.checksLabel}
                hint={SETTINGS.checksHint}
                isOn={settings.spotChecks}
                disabled={!isLive || !mayOperate}
                onChange={(spotChecks) => void stores.settings.save({ spotChecks })}
              />
            </section>
            <section className="card settings" aria-labelledby="accounts-title">
              <h2 id="accounts-title">{SETTINGS.sections.accounts}</h2>
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
          <p className="card empty">{SETTINGS.loading}</p>
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
  const { edits, isUnsaved } = useStore(stores.draft.state)
  const [isSaved, setSaved] = useState(false)
  const form = { ...formOf(settings), ...edits }
  const { patch, problems } = readForm(form, settings)
  const edit = (name: FieldName, value: string) => {
    setSaved(false)
    stores.draft.edit(name, value)
  }
  const field = (name: FieldName, kind: { isNumber?: boolean; isLong?: boolean } = {}) => (
    <TextField
      {...kind}
      label={FIELDS[name].label}
      hint={FIELDS[name].hint}
      placeholder={FIELDS[name].placeholder}
      value={form[name]}
      problem={problems.has(name) ? FIELDS[name].problem : null}
      disabled={disabled}
      onChange={(value) => edit(name, value)}
    />
  )
  const file = (name: 'modelPath' | 'caFile', purpose: FilePurpose) => (
    <FileField
      label={FIELDS[name].label}
      hint={FIELDS[name].hint}
      placeholder={FIELDS[name].placeholder}
      value={form[name]}
      purpose={purpose}
      disabled={disabled}
      app={stores.app}
      onChange={(value) => edit(name, value)}
    />
  )
  const save = async () => {
    if (!(await store.save(patch))) return
    stores.draft.discard()
    setSaved(true)
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    if (isUnsaved && problems.size === 0) void save()
  }
  return (
    <form className="settings-form" onSubmit={onSubmit} noValidate>
      <section className="card settings" aria-labelledby="node-title">
        <h2 id="node-title">{SETTINGS.sections.node}</h2>
        {field('publicName')}
        {field('listenPort', { isNumber: true })}
      </section>
      <section className="card settings" aria-labelledby="engine-title">
        <h2 id="engine-title">{SETTINGS.sections.engine}</h2>
        {file('modelPath', 'model')}
        {field('threads', { isNumber: true })}
        {field('offeredMemoryGb', { isNumber: true })}
        <ChoiceField
          label={COMPUTE.label}
          hint={COMPUTE.choiceHint}
          value={settings.device}
          choices={COMPUTE.choices}
          disabled={disabled}
          onChange={(device) => void store.save({ device })}
        />
        {field('gpuMemoryGb', { isNumber: true })}
        <BlocksField
          value={form.requestedBlocks}
          problem={problems.has('requestedBlocks') ? FIELDS.requestedBlocks.problem : null}
          stores={stores}
          disabled={disabled}
          onChange={(value) => edit('requestedBlocks', value)}
        />
        {field('contextTokens', { isNumber: true })}
        {field('maxSequences', { isNumber: true })}
        <WhatFits settings={settings} stores={stores} disabled={disabled} />
      </section>
      <section className="card settings" aria-labelledby="files-title">
        <h2 id="files-title">{SETTINGS.sections.files}</h2>
        {field('diskCapGb', { isNumber: true })}
        {field('downloadMbitPerS', { isNumber: true })}
        <SwitchField
          label={SETTINGS.seedsLabel}
          hint={SETTINGS.seedsHint}
          isOn={settings.seeds}
          disabled={disabled}
          onChange={(seeds) => void store.save({ seeds })}
        />
        {settings.seeds && field('uploadMbitPerS', { isNumber: true })}
      </section>
      <section className="card settings" aria-labelledby="web-title">
        <h2 id="web-title">{SETTINGS.sections.web}</h2>
        {field('proxyUrl', { isLong: true })}
        {file('caFile', 'certificates')}
      </section>
      <section className="card settings" aria-labelledby="log-title">
        <h2 id="log-title">{SETTINGS.sections.log}</h2>
        {field('logDays', { isNumber: true })}
        {field('logMib', { isNumber: true })}
      </section>
      {failure && <FailureNote failure={failure} />}
      {isUnsaved ? (
        <div className="save-bar">
          <p>
            <b>{problems.size > 0 ? SETTINGS.problems : SETTINGS.unsaved}</b>
            <span>{SETTINGS.nextStart}</span>
          </p>
          <button type="button" className="button" onClick={stores.draft.discard}>
            {SETTINGS.discard}
          </button>
          <button type="submit" className="button is-primary" disabled={disabled || problems.size > 0 || busy !== null}>
            {busy === 'save' ? SETTINGS.saving : SETTINGS.save}
          </button>
        </div>
      ) : (
        isSaved && (
          <p className="fine" role="status">
            {SETTINGS.saved}. {SETTINGS.nextStart}
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
      <h2 id="network-title">{SETTINGS.sections.network}</h2>
      <SettingRow label={name} hint={hint}>
        <button type="button" className="button" disabled={disabled || busy !== null} onClick={() => setAsking(true)}>
          {SETTINGS.leave}
        </button>
      </SettingRow>
      <p className="fine">{SETTINGS.leaveHint}</p>
      {settings.network?.kind === 'coordinator' && (
        <MeterCard store={meter} url={settings.network.url} insecure={settings.network.insecure} disabled={disabled} />
      )}
      {isAsking && (
        <ConfirmDialog
          title={SETTINGS.confirmTitle}
          text={settings.network?.kind === 'demo' ? SETTINGS.confirmTextDemo : SETTINGS.confirmText}
          yes={busy === 'leave' ? SETTINGS.leaving : SETTINGS.confirmYes}
          no={SETTINGS.confirmNo}
          isBusy={busy !== null}
          onYes={() => void store.leave().then(() => setAsking(false))}
          onNo={() => setAsking(false)}
        />
      )}
    </section>
  )
}
