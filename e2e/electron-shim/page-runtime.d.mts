export function pageWorldSource(secret: string): string
export function preloadWorldSource(secret: string, binding: string, preload: string): string
