import { existingObjectNeeds } from '../access.ts'
import type { S3Operation } from '../operation.ts'
import { readObject } from '../read-object.ts'
import { noSuchKey } from '../refusals.ts'

/** Gives an object's bytes: whole, a range, or a part. */
export const getObject: S3Operation = {
  name: 'GetObject',
  access: (request, call, deps) => existingObjectNeeds(request, call, deps, 's3:GetObject'),
  async handle(request, call, deps) {
    const { object, status, headers, range } = await readObject(request, call, deps)
    if (!range) return { status, headers, ...(status === 200 && { body: new Uint8Array(0) }) }
    const body = deps.storage.open(object, range)
    // It was there a moment ago: somebody deleted it meanwhile.
    if (!body) throw noSuchKey(request.key)
    return { status, headers, body }
  },
}
