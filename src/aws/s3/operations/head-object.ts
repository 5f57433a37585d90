import { existingObjectNeeds } from '../access.ts'
import type { S3Operation } from '../operation.ts'
import { readObject } from '../read-object.ts'

/** The headers of GetObject without its bytes; refusals have no body either. */
export const headObject: S3Operation = {
  name: 'HeadObject',
  access: (request, call, deps) => existingObjectNeeds(request, call, deps, 's3:GetObject'),
  async handle(request, call, deps) {
    const { status, headers } = await readObject(request, call, deps)
    return { status, headers }
  },
}
