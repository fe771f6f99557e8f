export { NODE_SAYS_DE as NODE_SAYS } from '../../../src-shared/node-says-de'
