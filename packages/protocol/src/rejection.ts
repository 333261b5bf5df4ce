/**
 * Why a receiver did not take a message; the code in its reply, `ERROR <code>`, and stable.
 *
 * `too_large`: more than the permitted bytes. `timeout`: not complete within the deadline. `not_utf8`, `bad_json`: as named; an
 * object cut off by the end of input is `bad_json`. `bad_message`: a member is missing or wrong, or a bare token has other
 * characters than printable ASCII. `empty`: the input ended, or its first line did, before anything came. `busy`: too many connections.
 */
export type RejectionCode = 'too_large' | 'timeout' | 'not_utf8' | 'bad_json' | 'bad_message' | 'empty' | 'busy';
