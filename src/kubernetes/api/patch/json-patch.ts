/** JSON Patch (RFC 6902), with Kubernetes' limit and refusals. */
import fastJsonPatch from 'fast-json-patch'
import { badRequest, statusRefusal } from '../status.ts'

const operationsMax = 10_000

/** Applies a list of operations to `target`, which is not changed. */
export function jsonPatch<T>(target: T, patch: unknown): T {
  if (!Array.isArray(patch)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    )
  }
  if (patch.length > operationsMax) {
    const message = `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`
    throw statusRefusal(413, 'RequestEntityTooLarge', message)
  }
  try {
    return fastJsonPatch.applyPatch(structuredClone(target), patch, true, true, true).newDocument
  } catch (error) {
    const name = (error as { name?: string }).name ?? ''
    const isPatchError = error instanceof fastJsonPatch.JsonPatchError || name.includes('_')
    if (!isPatchError && !(error instanceof TypeError)) throw error
    const text = (error as Error).message.split('\n')[0] ?? ''
    throw statusRefusal(
      422,
      'Invalid',
      `the server rejected our request due to an error in our request: ${text}`,
    )
  }
}
