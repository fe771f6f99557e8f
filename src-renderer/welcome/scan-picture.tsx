import { type DragEvent, useEffect, useRef, useState } from 'react'
import { say } from '../words'
import { isInvite } from '../words/welcome'
import { type QrReading, readQr } from './read-qr'

type Scan = { state: 'none' } | { state: 'reading' } | { state: 'read'; reading: QrReading }

/** An invite's QR code in a picture that is dropped, pasted or chosen. */
export function ScanPicture({ onInvite }: { onInvite(link: string): void }) {
  const [scan, setScan] = useState<Scan>({ state: 'none' })
  const [isOver, setOver] = useState(false)
  const latest = useRef(0)

  const read = async (file: File | undefined) => {
    if (!file) return
    latest.current += 1
    const mine = latest.current
    setScan({ state: 'reading' })
    const reading = await readQr(file)
    // A later picture, or another page, has the word.
    if (mine !== latest.current) return
    setScan({ state: 'read', reading })
    if (reading.kind === 'text' && isInvite(reading.text)) onInvite(reading.text.trim())
  }
  const reading = useRef(read)
  reading.current = read
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const file = [...(event.clipboardData?.files ?? [])][0]
      if (!file) return
      event.preventDefault()
      void reading.current(file)
    }
    document.addEventListener('paste', onPaste)
    return () => {
      document.removeEventListener('paste', onPaste)
      latest.current += 1
    }
  }, [])
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    void read(event.dataTransfer.files[0])
  }
  const problem = problemOf(scan)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one of three ways; the others need no pointer
    <div
      className={isOver ? 'scan is-over' : 'scan'}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <p className={problem === null ? 'fine' : 'field-problem'} role="status">
        {problem ??
          (scan.state === 'reading' ? say.SCAN.reading : scan.state === 'read' ? say.SCAN.found : say.SCAN.lead)}
      </p>
      <label className="button is-small">
        {say.SCAN.choose}
        <input
          type="file"
          className="only-read"
          accept="image/*"
          onChange={(event) => {
            void read(event.target.files?.[0])
            // The same file again is a choice, too.
            event.target.value = ''
          }}
        />
      </label>
    </div>
  )
}

function problemOf(scan: Scan): string | null {
  if (scan.state !== 'read') return null
  if (scan.reading.kind === 'problem') return say.SCAN[scan.reading.problem]
  return isInvite(scan.reading.text) ? null : say.SCAN.noInvite(scan.reading.text.slice(0, 80))
}
