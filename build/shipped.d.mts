export function shippedCode(root: string): { files: string[]; packages: string[] }
export function importsOf(path: string): string[]
export function packageName(specifier: string): string
export function unreachedPackages(root: string, imported: readonly string[]): string[]
