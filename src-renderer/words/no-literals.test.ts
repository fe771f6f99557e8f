import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const ROOTS = ['src-renderer', 'src-dashboard'].map((name) => join(import.meta.dirname, '../..', name))

/** The same in every language, and no word of the catalogue for that reason. */
const NO_WORDS: ReadonlySet<string> = new Set([
  // The name of the app.
  'Espalier',
  // A key of the keyboard, as it is printed on it.
  'K',
])

/** What a person reads or hears; other attributes hold names for the machine. */
const SPOKEN = new Set(['aria-label', 'aria-description', 'aria-valuetext', 'alt', 'placeholder', 'title'])
/** Of our own components: what they pass on to people. */
const OWN_SPOKEN = new Set(['copyName', 'hint', 'label', 'lead', 'no', 'text', 'what', 'words', 'yes'])

interface Literal {
  line: number
  text: string
}

function literalsOf(source: string): Literal[] {
  const file = ts.createSourceFile('page.tsx', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX)
  const found: Literal[] = []
  const note = (node: ts.Node, text: string) => {
    const bare = text.trim()
    if (/\p{L}/u.test(bare) && !NO_WORDS.has(bare))
      found.push({ line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, text: bare })
  }
  /** Texts that an expression may come to: both sides of a choice, and what stands in a template. */
  const said = (node: ts.Expression): void => {
    if (ts.isStringLiteralLike(node)) note(node, node.text)
    else if (ts.isTemplateExpression(node)) {
      note(node, [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join(' '))
      for (const span of node.templateSpans) said(span.expression)
    } else if (ts.isConditionalExpression(node)) {
      said(node.whenTrue)
      said(node.whenFalse)
    } else if (ts.isBinaryExpression(node)) {
      if (node.operatorToken.kind !== ts.SyntaxKind.EqualsEqualsEqualsToken) said(node.right)
      if (/^(\|\||\?\?|\+)$/.test(node.operatorToken.getText())) said(node.left)
    } else if (ts.isParenthesizedExpression(node)) said(node.expression)
  }
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) note(node, node.text)
    else if (ts.isJsxExpression(node) && node.expression && !ts.isJsxAttribute(node.parent)) said(node.expression)
    else if (ts.isJsxAttribute(node) && node.initializer) {
      const tag = node.parent.parent.tagName.getText()
      const name = node.name.getText()
      if (SPOKEN.has(name) || (/^\p{Lu}/u.test(tag) && OWN_SPOKEN.has(name))) {
        if (ts.isStringLiteral(node.initializer)) note(node, node.initializer.text)
        else if (ts.isJsxExpression(node.initializer) && node.initializer.expression) said(node.initializer.expression)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

describe('every visible word stands in the catalogue', () => {
  it('and none in a style sheet', () => {
    const sheets = ROOTS.flatMap((root) =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.css'))
        .map((name) => readFileSync(join(root, name), 'utf8')),
    )
    expect(sheets.length).toBeGreaterThan(10)
    expect(sheets.flatMap((sheet) => sheet.match(/content: *["'][^"']*\p{L}[^"']*["']/gu) ?? [])).toEqual([])
  })

  it('the search finds text, choices, templates and spoken attributes, and leaves the rest alone', () => {
    const found = literalsOf(`
      const page = (
        <p className="a b" title="Seen" id={x ? 'one' : 'two'}>
          Some words {ok ? 'yes' : say.NO} {\`\${count} of many\`} {say.X} – <kbd>K</kbd>
          <Field label={bad && 'Wrong'} kind="plain" /> {list.map(() => <b key="k">inner</b>)}
        </p>
      )`).map(({ text }) => text)
    expect(found.toSorted()).toEqual(['Seen', 'Some words', 'Wrong', 'inner', 'of many', 'yes'])
  })

  const files = ROOTS.flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.tsx') && !name.endsWith('.test.tsx'))
      .map((name) => join(root, name)),
  )
  it.each(files)('in %s', (path) => {
    expect(literalsOf(readFileSync(path, 'utf8'))).toEqual([])
  })
})
