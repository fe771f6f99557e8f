// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { BlockStrip, type BlockStripProps } from './block-strip'

afterEach(cleanup)

const props: BlockStripProps = {
  modelName: 'Tiny Jargon 8',
  blockCount: 8,
  coverage: [2, 1, 1, 1, 1, 1, 0, 0],
  own: { start: 4, end: 6 },
  isOwnProved: true,
}

describe('block strip', () => {
  it.each([8, 128])('draws %d stems', (blockCount) => {
    const coverage = Array(blockCount).fill(1)
    const { container } = render(<BlockStrip {...props} blockCount={blockCount} coverage={coverage} />)
    expect(container.querySelectorAll('.strip-stem')).toHaveLength(blockCount)
    expect(screen.getByText(`${blockCount} blocks`)).toBeTruthy()
  })

  it('says in words what it draws', () => {
    render(<BlockStrip {...props} />)
    expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toEqual([
      'Block 0: 2 copies.',
      'Blocks 1–3: 1 copy.',
      'Blocks 4–5, yours: 1 copy.',
      'Blocks 6–7: served by nobody.',
    ])
    expect(screen.getByText('Nobody serves blocks 6–7 yet')).toBeTruthy()
  })

  it('explains only the leaves that are there', () => {
    const { container, rerender } = render(<BlockStrip {...props} />)
    const legend = () => container.querySelector('.strip-legend')?.textContent
    expect(legend()).toBe('Your copyA copy elsewhereServed by nobody')
    rerender(<BlockStrip {...props} coverage={[1, 1, 1, 1, 0, 0, 1, 1]} isOwnProved={false} />)
    expect(legend()).toBe('Yours, not proved yetA copy elsewhere')
    rerender(<BlockStrip {...props} coverage={[]} own={null} />)
    expect(legend()).toBeUndefined()
  })

  it('names the block under the pointer', () => {
    const { container } = render(<BlockStrip {...props} />)
    const drawing = container.querySelector('.strip-box svg') as SVGSVGElement
    const pitch = Number(drawing.getAttribute('width')) / 8
    fireEvent.pointerMove(drawing, { clientX: 4.5 * pitch, clientY: 20 })
    expect(screen.getByText('Block 4, yours: 1 copy')).toBeTruthy()
    fireEvent.pointerLeave(drawing)
    expect(screen.queryByText('Block 4, yours: 1 copy')).toBeNull()
  })
})
