/** Whether an operation only reads, as CloudTrail's `readOnly` says. */

const reading = /^(Get|List|Describe|Head|Lookup|Simulate|Select|Generate|AssumeRole|Decode|Check)/

/** AssumeRole and its kin count as reading, as in CloudTrail: they change nothing that is stored. */
export function isReadOnly(operation: string): boolean {
  return reading.test(operation)
}
