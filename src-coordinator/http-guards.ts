export { replyWithErrors, requireLoopbackHost, validated } from './security/http-guards'
