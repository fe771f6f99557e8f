import { useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { ConfirmDialog } from '../components/confirm-dialog'
import { useNode, useNow } from '../components/hooks'
import { goTo } from '../router'
import type { AppStores } from '../stores/app-stores'
import type { Theme } from '../theme'
import { say } from '../words'
import { CommandPalette } from './command-palette'
import { type Command, type CommandFacts, commandsOf } from './commands'
import { isMac, type Overlay, overlayOf } from './keys'
import { ShortcutList } from './shortcut-list'

/** What was said stays so long. */
const SAID_MS = 5_000

export interface CommandCenterProps {
  stores: AppStores
  theme: Theme
  onTheme(theme: Theme): void
  open: Overlay | null
  onOpen(overlay: Overlay | null): void
}

/** The commands behind the keyboard: the palette, the list of keys, the question before, the word after. */
export function CommandCenter({ stores, theme, onTheme, open, onOpen }: CommandCenterProps) {
  const [asking, setAsking] = useQuestion()
  const [said, setSaid] = useState<{ words: string; at: number } | null>(null)
  const now = useNow()
  useOverlayKeys(onOpen)
  useSystemMenu(stores.app, onOpen)

  const run = async (command: Command) => {
    const words = await command.run()
    if (typeof words === 'string') setSaid({ words, at: now })
  }
  const isFresh = said !== null && now - said.at < SAID_MS
  return (
    <>
      {open === 'palette' && (
        <Palette
          {...{ stores, theme, onTheme }}
          onShortcuts={() => onOpen('shortcuts')}
          onClose={() => onOpen(null)}
          onChoose={(command) => (command.question ? setAsking(command) : void run(command))}
        />
      )}
      {open === 'shortcuts' && <ShortcutList onClose={() => onOpen(null)} />}
      {asking?.question && (
        <ConfirmDialog
          {...asking.question}
          isBusy={false}
          onYes={() => {
            setAsking(null)
            void run(asking)
          }}
          onNo={() => setAsking(null)}
        />
      )}
      <p className={isFresh ? 'said' : 'only-read'} role="status">
        {isFresh ? said.words : ''}
      </p>
    </>
  )
}

/** The question that is asked; when it is answered, the focus is where it was before. */
function useQuestion() {
  const [asking, setAsking] = useState<Command | null>(null)
  const before = useRef<Element | null>(null)
  useEffect(() => {
    const isNowhere = document.activeElement === document.body
    if (asking === null && isNowhere && before.current instanceof HTMLElement) before.current.focus()
  }, [asking])
  const ask = (command: Command | null) => {
    if (command) before.current = document.activeElement
    setAsking(command)
  }
  return [asking, ask] as const
}

/** Listens on the whole page, but not over a question that is being asked. */
function useOverlayKeys(onOpen: (overlay: Overlay | null) => void): void {
  useEffect(() => {
    const mac = isMac(navigator)
    const onKeyDown = (event: KeyboardEvent) => {
      const overlay = overlayOf(event, mac)
      if (overlay === null) return
      // The browser has other plans for these keys.
      event.preventDefault()
      if (document.querySelector('dialog[open]') === null) onOpen(overlay)
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [onOpen])
}

/** The desktop app's menu opens what the keys open. */
function useSystemMenu({ onMenu }: AppStores['app'], onOpen: (overlay: Overlay) => void): void {
  useEffect(
    () =>
      onMenu((item) => {
        if (document.querySelector('dialog[open]') === null) onOpen(item)
      }),
    [onMenu, onOpen],
  )
}

interface PaletteProps extends Pick<CommandCenterProps, 'stores' | 'theme' | 'onTheme'> {
  onShortcuts(): void
  onClose(): void
  onChoose(command: Command): void
}

function Palette({ stores, theme, onTheme, onShortcuts, onClose, onChoose }: PaletteProps) {
  const facts = useFacts(stores, theme)
  const { mayOperate } = facts.node
  useEffect(() => {
    if (mayOperate) stores.host.ask()
  }, [stores, mayOperate])
  const commands = commandsOf(facts, {
    go: goTo,
    command: (command) => void stores.node.command(command),
    retryNow: stores.node.retryNow,
    chooseTheme: onTheme,
    leaveNetwork: () => void stores.settings.leave(),
    measure: (url, insecure) => void stores.meter.run(url, insecure),
    makeInvite: () => void stores.host.makeInvite(''),
    stopHosting: () => void stores.host.stop(),
    diagnose: stores.diagnosis.ask,
    check: () => void stores.diagnostics.run(),
    update: () => void stores.app.update(),
    openBundle: () => void stores.diagnostics.openBundle(),
    openShortcuts: onShortcuts,
    stopWriting: () => void stores.generation.cancel(),
    newChat: stores.generation.forget,
    summary: stores.diagnostics.summary,
    copy: (text) =>
      navigator.clipboard.writeText(text).then(
        () => say.SAID.copied,
        () => say.SAID.copyFailed,
      ),
  })
  return <CommandPalette commands={commands} onChoose={onChoose} onClose={onClose} />
}

function useFacts(stores: AppStores, theme: Theme): CommandFacts {
  const { generation, talk } = useStore(stores.generation.state)
  return {
    theme,
    generation,
    talkLength: talk.length,
    node: useNode(stores.node),
    settings: useStore(stores.settings.state, ({ settings }) => settings),
    host: useStore(stores.host.state, ({ host }) => host),
    app: useStore(stores.app.state, ({ view }) => view),
    metering: useStore(stores.meter.state, ({ metering }) => metering),
    isChecking: useStore(stores.diagnostics.state, ({ isRunning }) => isRunning),
    isDiagnosing: useStore(stores.diagnosis.state, ({ isAsking }) => isAsking),
  }
}
