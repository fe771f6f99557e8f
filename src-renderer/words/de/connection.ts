import type { Catalogue } from '..'

export const CONNECTION: Catalogue['CONNECTION'] = {
  connecting: { headline: 'Verbindung zum Knoten wird aufgebaut', sentence: 'Das dauert einen Moment.' },
  open: {
    headline: 'Zustand des Knotens wird gelesen',
    sentence: 'Die Verbindung steht; die erste Momentaufnahme ist unterwegs.',
  },
  lost: {
    headline: 'Kein Kontakt zum Knoten',
    sentence:
      'Er ist vielleicht angehalten oder startet gerade neu. Was unten steht, ist das Letzte, was zu hören war.',
  },
  never: {
    headline: 'Der Knoten antwortet nicht',
    sentence:
      'Unter dieser Adresse antwortet noch nichts. Starten Sie den Knoten auf seinem Computer; diese Seite öffnet sich dann von selbst.',
  },
  noToken: {
    headline: 'Diese Seite braucht den Link des Knotens',
    sentence:
      'Der Link, den der Knoten beim Start ausgibt, enthält einen Schlüssel. Öffnen Sie diesen Link; die bloße Adresse genügt nicht.',
  },
  badToken: {
    headline: 'Dieser Link gilt hier nicht',
    sentence:
      'Der Knoten kennt den Schlüssel nicht. Öffnen Sie den Link, den der Knoten beim letzten Start ausgegeben hat.',
  },
  again: (when) => `Nächster Versuch ${when}.`,
  lastNews: (age) => `Letzte Nachricht ${age}.`,
}
