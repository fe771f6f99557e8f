import { type ReactNode, useEffect } from 'react'

/** Where a page begins: its name, one sentence, and what can be done with the whole of it. */
export function PageHead({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Espalier`
  }, [title])
  return (
    <header className="page-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        <p>{children}</p>
      </div>
      {actions && <div className="page-actions">{actions}</div>}
    </header>
  )
}
