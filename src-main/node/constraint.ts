import type { EngineClient } from '../engine/engine'
import { type SamplingChoice, samplingAfter } from '../engine/sampling'
import { sampleLogits } from '../pipeline/sample-logits'

/**
 * One JSON object, as RFC 8259 has it, with bounded white space and numbers, so that it comes to an end (GBNF). Its
 * strings hold no control characters.
 */
export const JSON_GRAMMAR = String.raw`
root ::= ws object
object ::= "{" ws (pair (ws "," ws pair)* ws)? "}"
pair ::= string ws ":" ws value
array ::= "[" ws (value (ws "," ws value)* ws)? "]"
value ::= object | array | string | number | "true" | "false" | "null"
string ::= "\"" char* "\""
char ::= [^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" hex hex hex hex)
hex ::= [0-9a-fA-F]
number ::= "-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,14})? ([eE] [-+]? [0-9]{1,2})?
ws ::= [ \t\n]{0,2}
`

/**
 * Chooses the tokens of one answer so that it fits a grammar. A last stage has no vocabulary, so it can't know what its
 * tokens spell; the entry has one, gets the logits with every answer, and chooses itself.
 */
export async function openConstraint(
  engine: Pick<EngineClient, 'openGrammar' | 'maskLogits' | 'closeGrammar'>,
  grammar: string,
  choice: SamplingChoice | undefined,
  prompt: Int32Array,
) {
  const id = await engine.openGrammar(grammar)
  const sampling = choice && samplingAfter(choice, prompt)
  const before = [...(sampling?.history ?? [])]
  let last: number | null = null
  return {
    async choose(logits: Float32Array, position: number): Promise<number> {
      const masked = await engine.maskLogits(id, last, logits)
      last = sampleLogits(masked, sampling, before, position)
      before.push(last)
      return last
    },
    // An engine that has ended has forgotten its grammars too.
    close: () => engine.closeGrammar(id).catch(() => undefined),
  }
}
