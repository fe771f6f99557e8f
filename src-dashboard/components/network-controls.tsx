import { type FormEvent, useId, useState } from 'react'
import { typedWhole } from '../../src-renderer/typed-number'
import { say } from '../../src-renderer/words'
import type { NetworkPart } from '../feed'

export interface NetworkControlsProps {
  network: NetworkPart
  busy: string | null
  /** Null for those who may only look. */
  onTarget: ((count: number) => void) | null
  onQuantization: ((mode: string) => void) | null
}

/** What the next assignments will be like. */
export function NetworkControls({ network, busy, onTarget, onQuantization }: NetworkControlsProps) {
  const [target, setTarget] = useState<string | null>(null)
  const [mode, setMode] = useState<string | null>(null)
  const id = useId()
  const wanted = target === null ? (network.target_workers ?? 1) : typedWhole(target)
  const isValid = Number.isInteger(wanted) && wanted >= 1 && wanted <= Math.max(1, network.total_layers)
  const modes = network.quantizations
  const saveTarget = (event: FormEvent) => {
    event.preventDefault()
    if (!isValid || !onTarget) return
    onTarget(wanted)
    setTarget(null)
  }
  const saveMode = (event: FormEvent) => {
    event.preventDefault()
    if (mode === null || !onQuantization) return
    onQuantization(mode)
    setMode(null)
  }
  return (
    <section className="card" aria-labelledby="controls-title">
      <div className="card-head">
        <h2 id="controls-title">{say.CONTROLS.title}</h2>
      </div>
      <p className="fine is-strong">{say.CONTROLS.hint}</p>
      <div className="control">
        <div>
          <label htmlFor={onTarget ? `${id}-target` : undefined}>{say.CONTROLS.target}</label>
          <p className="fine">{say.CONTROLS.targetHint}</p>
        </div>
        {onTarget ? (
          <form onSubmit={saveTarget}>
            <input
              id={`${id}-target`}
              className="field number"
              inputMode="numeric"
              autoComplete="off"
              value={target ?? String(network.target_workers ?? '')}
              aria-invalid={!isValid}
              onChange={(event) => setTarget(event.target.value)}
            />
            <button
              type="submit"
              className="button"
              aria-label={say.CONTROLS.saveTarget}
              disabled={!isValid || target === null || wanted === network.target_workers || busy !== null}
            >
              {busy === 'target' ? say.CONTROLS.saving : say.CONTROLS.save}
            </button>
          </form>
        ) : (
          <b>{network.target_workers ?? '–'}</b>
        )}
      </div>
      <div className="control">
        <div>
          <label htmlFor={onQuantization && modes.length > 1 ? `${id}-mode` : undefined}>
            {say.CONTROLS.quantization}
          </label>
          <p className="fine">{modes.length > 1 ? say.CONTROLS.quantizationHint : say.CONTROLS.quantizationOnly}</p>
        </div>
        {onQuantization && modes.length > 1 ? (
          <form onSubmit={saveMode}>
            <select
              id={`${id}-mode`}
              className="field"
              value={mode ?? network.quantization ?? ''}
              onChange={(event) => setMode(event.target.value)}
            >
              {modes.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
            <button
              type="submit"
              className="button"
              aria-label={say.CONTROLS.saveQuantization}
              disabled={mode === null || mode === network.quantization || busy !== null}
            >
              {busy === 'quantization' ? say.CONTROLS.saving : say.CONTROLS.save}
            </button>
          </form>
        ) : (
          <b>{network.quantization ?? '–'}</b>
        )}
      </div>
    </section>
  )
}
