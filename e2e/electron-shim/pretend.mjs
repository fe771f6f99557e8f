// The marks by which libraries tell Electron from Node.
export function pretendElectron(type) {
  const versions = { ...process.versions, electron: '45.4.1' }
  Object.defineProperty(process, 'versions', { value: Object.freeze(versions), enumerable: true })
  Object.defineProperty(process, 'type', { value: type, enumerable: true })
}
