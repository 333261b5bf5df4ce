/** Which receiver is meant where nobody says: this user's own, or the system's service. */

/**
 * The daemon always has the user's own folder. A command is about the receiver that is there: the user's own, or else the
 * service; and about the user's own, if neither is.
 */
export function whoseReceiver(signs: {
  readonly isDaemon: boolean;
  readonly isOwnThere: () => boolean;
  readonly isServiceThere: () => boolean;
}): 'own' | 'service' {
  if (signs.isDaemon || signs.isOwnThere()) return 'own';
  return signs.isServiceThere() ? 'service' : 'own';
}
