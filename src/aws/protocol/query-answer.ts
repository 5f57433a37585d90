/** What Query's answers share, whether they are written in XML or in JSON. */
import type { AwsResponse } from '../operation.ts'

/** Whose fault an error is, by its status. */
export function faultOf(status: number): 'Sender' | 'Receiver' {
  return status < 500 ? 'Sender' : 'Receiver'
}

export function queryAnswer(
  answer: { readonly status: number; readonly contentType: string; readonly body: string },
  headers: Readonly<Record<string, string>> = {},
): AwsResponse {
  const { status, contentType, body } = answer
  return {
    status,
    headers: { 'content-type': contentType, ...headers },
    body,
  }
}
