/**
 * A request that the double does not carry out. It reaches the client as
 * `{"ErrorCode": <negative int>, "ErrorMessage": "..."}` under an HTTP status of 400 or more.
 */
export class Refusal extends Error {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(JSON.stringify(body))
    this.status = status
    this.body = body
  }
}

function refusal(status: number, ErrorCode: number, ErrorMessage: string): Refusal {
  return new Refusal(status, { ErrorCode, ErrorMessage })
}

/** 400: a malformed request; `detail` says to the reader of a failed test what was wrong. */
export function invalid(detail: string): Refusal {
  return refusal(400, -201326592, `InvalidArgumentException: ${detail}`)
}

/** 404: nothing lies at the path. */
export function notFound(): Refusal {
  return refusal(404, -2, 'No such file or directory')
}

/** 405: the resource or function exists, but not for this method. */
export function wrongMethod(detail: string): Refusal {
  return refusal(405, -1, `Method not allowed: ${detail}`)
}

/** 401: no access key. */
export function unauthorized(): Refusal {
  return refusal(401, -1, 'Unauthorized')
}

/** 403: an access key that is not the right one. */
export function forbidden(): Refusal {
  return refusal(403, -13, 'Permission denied')
}

/** 409: the path is already taken by something else, or the stream exists. */
export function alreadyThere(): Refusal {
  return refusal(409, -17, 'File exists')
}

/** 409: a directory that still holds something cannot be removed. */
export function notEmpty(): Refusal {
  return refusal(409, -39, 'Directory not empty')
}

/** 416: a range that begins behind the end of the object. */
export function outOfRange(): Refusal {
  return refusal(416, -34, 'Requested range not satisfiable')
}

/** 400 for a condition that is false. Clients look for one ErrorCode and the digits 16777244. */
export function conditionFalse(): Refusal {
  return refusal(400, -16777244, 'A condition expression evaluated to false')
}

/** 400 for CreateNewItemOnly on an item that exists. Clients look for two ErrorCodes and 369098809. */
export function itemExists(): Refusal {
  return new Refusal(400, {
    ErrorCode: -369098809,
    ErrorMessage: 'Failed to create the item',
    Cause: { ErrorCode: -17, ErrorMessage: 'File exists' },
  })
}
