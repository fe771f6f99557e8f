import type { Disposer } from '../../src-shared/clock'
import type { NodeStatus } from '../../src-shared/status'
import type { ElectronModule } from './electron-module'
import { shapeBitmap } from './tray-icons'
import { type TrayWords, trayWords } from './tray-words'
import type { ShellWords } from './words'

export interface TrayActions {
  start(): void
  stop(): void
  restart(): void
  open(): void
  quit(): void
}

export interface TrayView {
  update(status: NodeStatus): void
  dispose: Disposer
}

const SIZE_PX = 16
/** A new image for every twentieth: finer steps cannot be seen at this size. */
const PROGRESS_STEPS = 20
/** Numbers that change with every token would close an open menu again and again. */
const LINES_EVERY_MS = 60_000

/** The node's state beside the clock: shape, the status's own words, what it gives, and what there is to do. */
export function createTray(
  { Tray, Menu, nativeImage }: Pick<ElectronModule, 'Tray' | 'Menu' | 'nativeImage'>,
  platform: NodeJS.Platform,
  words: () => ShellWords,
  status: NodeStatus,
  actions: TrayActions,
): TrayView {
  const images = new Map<string, Electron.NativeImage>()
  const isTemplate = platform === 'darwin'

  function imageOf({ shape }: NodeStatus, progress: number | null): Electron.NativeImage {
    const step = progress === null ? null : Math.round(progress * PROGRESS_STEPS) / PROGRESS_STEPS
    const key = `${shape}-${step}`
    const known = images.get(key)
    if (known) return known
    const image = nativeImage.createEmpty()
    for (const scaleFactor of [1, 2]) {
      const size = SIZE_PX * scaleFactor
      const buffer = shapeBitmap(shape, size, { progress: step, black: isTemplate })
      image.addRepresentation({ scaleFactor, width: size, height: size, buffer })
    }
    image.setTemplateImage(isTemplate)
    images.set(key, image)
    return image
  }

  function menuOf({ headline, lines, action: { id, word } }: TrayWords, { tray: said }: ShellWords) {
    const template: Electron.MenuItemConstructorOptions[] = [
      { id: 'status', label: headline, enabled: false },
      ...lines.map((line) => ({ ...line, enabled: false })),
      { type: 'separator' },
      { id: 'open', label: said.open, click: () => actions.open() },
      { id: id ?? 'none', label: said.actions[word], enabled: id !== null, ...(id && { click: () => actions[id]() }) },
      ...(id === 'stop' ? [{ id: 'restart', label: said.restart, click: () => actions.restart() }] : []),
      { type: 'separator' },
      { id: 'quit', label: said.quit, click: () => actions.quit() },
    ]
    return Menu.buildFromTemplate(template)
  }

  const tray = new Tray(imageOf(status, trayWords(status, words()).progress))
  tray.on('click', () => actions.open())
  let shown: { image: Electron.NativeImage; toolTip: string; menu: string; lines: string; linesAt: number } | null =
    null

  function update(next: NodeStatus): void {
    const said = words()
    const now = trayWords(next, said)
    const image = imageOf(next, now.progress)
    const menu = `${now.headline}\n${said.tray.actions[now.action.word]}\n${said.tray.open}`
    // Replacing a menu closes it under the reader's eyes on some desktops, so nothing is set twice.
    if (image !== shown?.image) tray.setImage(image)
    if (now.toolTip !== shown?.toolTip) tray.setToolTip(now.toolTip)
    const lines = now.lines.map(({ label }) => label).join('\n')
    const linesAreDue = lines !== shown?.lines && next.at - (shown?.linesAt ?? 0) >= LINES_EVERY_MS
    const isNew = shown === null || menu !== shown.menu || linesAreDue
    if (isNew) tray.setContextMenu(menuOf(now, said))
    const kept = isNew || shown === null ? { lines, linesAt: next.at } : { lines: shown.lines, linesAt: shown.linesAt }
    shown = { image, toolTip: now.toolTip, menu, ...kept }
  }

  update(status)
  return { update, dispose: () => tray.destroy() }
}
