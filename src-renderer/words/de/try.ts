import { formatWhole } from '../../format'
import type { Catalogue } from '..'
import { counted } from '../counted'

export const PRIVACY_LINE: Catalogue['PRIVACY_LINE'] =
  'Jeder Knoten auf der Route kann den Prompt und die Antwort lesen.'
export const CHECKED_PRIVACY_LINE: Catalogue['CHECKED_PRIVACY_LINE'] =
  'Jeder Knoten auf der Route kann den Prompt und die Antwort lesen; ebenso ein weiterer, wo eine Antwort stichprobenartig geprüft wird.'
export const SAMPLE_MODEL_LINE: Catalogue['SAMPLE_MODEL_LINE'] =
  'Hier schreibt ein kleines Beispielmodell, zur Anschauung und auf Englisch. Verlassen Sie sich auf nichts, was es sagt.'

export const GENERATION_STATES: Catalogue['GENERATION_STATES'] = {
  starting: 'Route wird gesucht\u00a0…',
  streaming: 'Schreibt\u00a0…',
  stopping: 'Hält an\u00a0…',
  done: 'Vollständig',
  stopped: 'Von Ihnen angehalten',
  failed: 'Nicht zu Ende gekommen',
}

export const TRY: Catalogue['TRY'] = {
  title: 'Testen',
  modeLabel: 'Art der Frage',
  modes: { chat: 'Chat', text: 'Text fortsetzen' },
  modeHints: {
    chat: 'Das Modell antwortet und merkt sich, was hier gesagt wurde. Alles davon geht mit jeder Frage mit.',
    text: 'Das Modell schreibt weiter, wo Ihr Text endet.',
  },
  noTemplate:
    'Die Datei dieses Modells sagt nicht, wie ein Chat geschrieben wird. Es wird in einfachen Worten gefragt und antwortet vielleicht seltsam.',
  placeholders: { chat: 'Etwas fragen', text: 'Einen Text beginnen; das Modell setzt ihn fort' },
  newChat: 'Neuer Chat',
  talkLabel: 'Was bisher gesagt wurde',
  badgesLabel: 'Knoten, die gerechnet haben',
  promptLabel: 'Prompt',
  atMost: 'höchstens',
  tokens: 'Token',
  maxTokensLabel: 'Höchstzahl der Token',
  send: 'Senden',
  stop: 'Anhalten',
  noContact: 'Kein Kontakt zum Knoten.',
  readOnly: 'Dieser Link zeigt den Knoten; für Prompts braucht es den Link des Betreibers.',
  answerLabel: 'Antwort',
  routeLabel: 'Route der Antwort',
  routeTitle: 'Route',
  emptyTitle: 'Hier erscheint die Antwort',
  emptyText: 'Sie entsteht Wort für Wort, während Ihr Prompt durch die Knoten läuft, die das Modell halten.',
}

export const SAMPLING: Catalogue['SAMPLING'] = {
  title: 'Wie Wörter gewählt werden',
  likeliest: 'stets das wahrscheinlichste',
  drawn: 'mit Zufall',
  problems: 'einige Werte brauchen einen Blick',
  fields: {
    temperature: {
      label: 'Temperatur',
      hint: '0: stets das wahrscheinlichste Wort.',
      problem: '0 bis 5.',
      placeholder: '0',
    },
    topP: {
      label: 'Top-p',
      hint: 'Nur die wahrscheinlichsten, bis zu diesem Anteil.',
      problem: '0 bis 1, oder leer.',
      placeholder: 'aus',
    },
    topK: { label: 'Top-k', hint: 'Nur so viele Wörter.', problem: 'Eine ganze Zahl, oder leer.', placeholder: 'aus' },
    minP: {
      label: 'Min-p',
      hint: 'Vom Anteil des wahrscheinlichsten.',
      problem: '0 bis 1, oder leer.',
      placeholder: 'aus',
    },
    repeatPenalty: {
      label: 'Wiederholungsmalus',
      hint: 'Über 1: weniger Wiederholungen.',
      problem: '0,1 bis 10, oder leer.',
      placeholder: 'aus',
    },
    seed: {
      label: 'Seed',
      hint: 'Derselbe ergibt dieselben Wörter.',
      problem: 'Eine ganze Zahl, oder leer.',
      placeholder: 'jedes Mal neu',
    },
  },
}

export const PLAIN_PROMPTS: Catalogue['PLAIN_PROMPTS'] = [
  'Es war einmal',
  'Der erste Hauptsatz der Physik lautet',
  'In einfachen Worten ist Entropie',
]

export const PROMPT: Catalogue['PROMPT'] = {
  stopped: 'Starten Sie zuerst den Knoten: Ihr Prompt läuft durch ihn.',
  stopping: 'Der Knoten hält gerade an.',
  noModel: 'Noch kein Modell: Es kommt mit der Zustimmung des Hosts.',
  noCoverage: 'Noch nicht bekannt, wer welchen Block bereitstellt.',
  notLoaded: 'Ihr Knoten kann fragen, sobald seine eigenen Blöcke geladen und geprüft sind.',
  gaps: (blocks, isOne) =>
    `Noch kommt keine Antwort durch: ${blocks} ${isOne ? 'wird' : 'werden'} von niemandem bereitgestellt.`,
  leadNoModel: 'Ein Prompt läuft durch alle Knoten, die einen Teil des Modells halten.',
  lead: (model, blocks) => `Ihr Prompt läuft durch alle ${blocks} Blöcke von ${model}, von Knoten zu Knoten.`,
}

export const ANSWER: Catalogue['ANSWER'] = {
  tokens: (count) => counted(count, '# Token', '# Token'),
  range: (max) => `Zwischen 1 und ${formatWhole(max)} Token.`,
  and: (names, last) => `${names} und ${last}`,
  readers: (names) => `Unterwegs gelesen von ${names}.`,
  seed: (seed) => `Seed ${seed}`,
  lost: (nodes, pause) =>
    nodes === 1
      ? `Mittendrin ist ein Knoten weggefallen. Die Antwort hat ${pause} gewartet und ging mit einem anderen weiter.`
      : `Mittendrin sind ${nodes} Knoten weggefallen. Die Antwort hat insgesamt ${pause} gewartet und ging mit anderen weiter.`,
  rate: (tokensPerSecond) => `${tokensPerSecond} Token/s`,
}
