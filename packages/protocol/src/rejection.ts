/**
 * Why a receiver did not take a message; the code in its reply, `ERROR <code>`, and stable.
 *
 * - `too_large`: more than the permitted bytes.
 * - `timeout`: not complete within the deadline.
 * - `not_utf8`, `bad_json`: as named; an object cut off by the end of input is `bad_json`.
 * - `bad_message`: a member is missing or wrong, or a bare token has other characters than printable ASCII.
 * - `bad_token`: the message is well-formed, but the access token does not match the pattern that the receiver was given.
 * - `empty`: the input ended, or its first line did, before anything came.
 * - `busy`: too many connections, or this one sent nothing for a second and another needed its place.
 * - `not_authorized`: the sender's certificate is not one that may deliver tokens here (TLS only).
 */
export type RejectionCode =
  'too_large' | 'timeout' | 'not_utf8' | 'bad_json' | 'bad_message' | 'bad_token' | 'empty' | 'busy' | 'not_authorized';
