import type { ReactNode } from 'react'

/** Three bare wires: nothing grows here yet, and why. */
export function Empty({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <section className="card wires">
      <svg width="100%" height="72" aria-hidden="true">
        {[14, 36, 58].map((y) => (
          <line key={y} className="strip-wire" x1="0" x2="100%" y1={y + 0.5} y2={y + 0.5} />
        ))}
      </svg>
      <div>
        <h2>{title}</h2>
        <p>{children}</p>
        {action}
      </div>
    </section>
  )
}
