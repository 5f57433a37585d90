/** Dates as conditions write them: ISO 8601 (W3C profile) or seconds since the epoch, as one number of seconds. */

const epoch = /^-?\d{1,15}(?:\.\d{1,9})?$/
const iso =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|z|[+-]\d\d:?\d\d)?)?)?)?$/

/**
 * Seconds since the epoch; undefined where the text is no date. Four digits are a year, other numbers are epoch
 * seconds; a time without zone is UTC.
 */
export function parseInstant(text: string): number | undefined {
  const match = iso.exec(text)
  if (!match) return epoch.test(text) ? Number(text) : undefined
  const [, year, month, day, hour, minute, second, fraction, zone] = match
  const [mo, d] = [Number(month ?? 1), Number(day ?? 1)]
  const [h, mi, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)]
  if (mo < 1 || mo > 12 || d < 1 || d > daysIn(Number(year), mo)) return undefined
  if (h > 24 || mi > 59 || s > 60 || (h === 24 && mi + s > 0)) return undefined
  const days = daysFromCivil(Number(year), mo, d)
  return days * 86_400 + h * 3600 + mi * 60 + s + Number(`0.${fraction ?? 0}`) - offset(zone)
}

function offset(zone: string | undefined): number {
  if (!zone || zone === 'Z' || zone === 'z') return 0
  const digits = zone.replace(':', '')
  const seconds = Number(digits.slice(1, 3)) * 3600 + Number(digits.slice(3, 5)) * 60
  return zone.startsWith('-') ? -seconds : seconds
}

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "chrono-compatible date algorithms"). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
