import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { say } from '../words'
import type { Command } from './commands'
import { search } from './fuzzy'

export interface CommandPaletteProps {
  commands: readonly Command[]
  /** After it has closed and the focus is back where it was. */
  onChoose(command: Command): void
  onClose(): void
}

/** Everything by name, by keyboard alone. What cannot be done now is listed too, and says why. */
export function CommandPalette({ commands, onChoose, onClose }: CommandPaletteProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const chosen = useRef<Command | null>(null)
  const [query, setQuery] = useState('')
  /** By its id: what is known changes while the list is open, and the mark stays on its command. */
  const [markedId, setMarkedId] = useState<string | null>(null)
  const id = useId()
  const found = search(query, commands)
  const at = Math.max(
    0,
    found.findIndex((command) => command.id === markedId),
  )
  const marked = found[at]
  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    if (marked) document.getElementById(`${id}-${marked.id}`)?.scrollIntoView({ block: 'nearest' })
  }, [id, marked])

  const choose = (command: Command | undefined) => {
    if (!command || command.blocked !== null) return
    chosen.current = command
    dialog.current?.close()
  }
  const move = (steps: number) => setMarkedId(found[(at + steps + found.length) % found.length]?.id ?? null)
  const moves: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => choose(marked),
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const act = moves[event.key]
    if (!act || event.nativeEvent.isComposing) return
    event.preventDefault()
    act()
  }
  const onEnd = () => {
    onClose()
    if (chosen.current) onChoose(chosen.current)
  }
  return (
    // A click beside the panel lands on the dialog itself.
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same
    <dialog
      ref={dialog}
      className="palette"
      aria-label={say.PALETTE.title}
      onClose={onEnd}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <div className="palette-panel">
        <input
          autoFocus
          className="palette-input"
          role="combobox"
          aria-label={say.PALETTE.placeholder}
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={marked ? `${id}-${marked.id}` : undefined}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          placeholder={say.PALETTE.placeholder}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value)
            setMarkedId(null)
          }}
          onKeyDown={onKeyDown}
        />
        <div id={`${id}-list`} className="palette-list" role="listbox" aria-label={say.PALETTE.list}>
          {found.map((command) => (
            <Option
              key={command.id}
              id={`${id}-${command.id}`}
              command={command}
              isMarked={command === marked}
              onMark={() => setMarkedId(command.id)}
              onChoose={() => choose(command)}
            />
          ))}
        </div>
        <p className={found.length === 0 ? 'palette-none' : 'only-read'} role="status">
          {found.length === 0 ? say.PALETTE.nothing : say.countWords(found.length)}
        </p>
        <p className="palette-foot" aria-hidden="true">
          {say.PALETTE.keys}
        </p>
      </div>
    </dialog>
  )
}

interface OptionProps {
  id: string
  command: Command
  isMarked: boolean
  onMark(): void
  onChoose(): void
}

function Option({ id, command: { title, group, blocked }, isMarked, onMark, onChoose }: OptionProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the input, which names the marked option
    // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the input
    <div
      id={id}
      role="option"
      aria-selected={isMarked}
      aria-disabled={blocked !== null}
      className="palette-option"
      onPointerMove={isMarked ? undefined : onMark}
      onClick={onChoose}
    >
      <span className="palette-title">{title}</span>
      <span className="palette-aside">{blocked ?? say.GROUPS[group]}</span>
    </div>
  )
}
