/** The signed statement about one installer; null for a file that the app does not install by itself. */
export function statementFor(
  name: string,
  bytes: Buffer,
  version: string,
  privateKeyPem: string,
  now: number,
): { file: string; text: string } | null
