/** The URLs of OIDC providers: which ones IAM takes, and in which form it keeps them. */
import { refuse } from './errors.ts'

/**
 * Checks an issuer's URL and leaves out `:443`, which eksctl adds. All else stays as it is: issuers that differ by
 * case or by a slash at the end are different.
 */
export function readProviderUrl(url: string): string {
  const kept = keptProviderUrl(url)
  if (kept === undefined) {
    throw refuse.ValidationError({ text: 'Invalid Open ID Connect Provider URL' })
  }
  return kept
}

/** The same; undefined where IAM would not take it. */
export function keptProviderUrl(url: string): string | undefined {
  const match = /^https:\/\/([^/?#@\s\\]+)((?:\/[^?#\s\\]*)?)$/.exec(url)
  if (!match || url.length > 255 || !/^[\x21-\x7e]+$/.test(url) || !URL.canParse(url)) {
    return undefined
  }
  const [, host = '', path = ''] = match
  return `https://${host.replace(/:443$/, '')}${path}`
}
