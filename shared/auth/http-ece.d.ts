/** What Linko uses of `http_ece`, which has no types: encrypted content after RFC 8188, with the keys of Web Push (RFC 8291). */
declare module 'http_ece' {
  import type { ECDH } from 'node:crypto'

  interface WebPushParameters {
    version: 'aes128gcm'
    /** Key pair of the side that calls. */
    privateKey: ECDH
    /** base64url */
    authSecret: string
  }

  const ece: {
    /** @param parameters with the public key of the receiver, and 16 random bytes, both base64url */
    encrypt(plain: Buffer, parameters: WebPushParameters & { dh: string; salt: string }): Buffer
    decrypt(encrypted: Buffer, parameters: WebPushParameters): Buffer
  }
  export default ece
}
