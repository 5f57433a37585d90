/** Secrets Manager's refusals, in its own words where they are known. */
import { errors } from '../operation.ts'

export const refuse = errors({
  ResourceNotFoundException: [400, "Secrets Manager can't find the specified secret{what}."],
  InvalidRequestException: [400, '{text}'],
  InvalidParameterException: [400, '{text}'],
  InvalidNextTokenException: [400, 'The NextToken value is invalid.'],
})
