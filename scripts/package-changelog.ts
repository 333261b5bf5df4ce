/** Debian's changelog, from CHANGELOG.md. Pure. */

export interface ChangelogOptions {
  /** `## VERSION, DATE` with `- ` items; only the first section may be `not released yet` */
  readonly markdown: string;
  /** of the package: the version that is not released yet */
  readonly version: string;
  readonly maintainer: string;
  /** when the package's source was last changed: the time of a version that is not released yet */
  readonly changedAt: Date;
}

/** @throws Error if a released section has no date, or there is no section */
export function debianChangelog({ markdown, version, maintainer, changedAt }: ChangelogOptions): string {
  const [, ...sections] = markdown.split(/^## /m);
  if (sections.length === 0) throw new Error('CHANGELOG.md has no section: "## VERSION, DATE"');
  return sections
    .map((section) => {
      const { 0: heading = '', index = 0 } = /.*/.exec(section) ?? {};
      const isReleased = !/not released/i.test(heading);
      const released = /^(\S+), (\d{4}-\d\d-\d\d)$/.exec(heading.trim());
      if (isReleased && released === null) throw new Error(`CHANGELOG.md: "## ${heading}" is not "## VERSION, DATE"`);
      const date = released === null ? changedAt : new Date(`${released[2] ?? ''}T00:00:00Z`);
      const items = section.slice(index + heading.length).match(/^- [^]*?(?=\n- |\n*$(?![^]))/gm) ?? [];
      const lines = items.flatMap((item) => wrapped(item.slice(2).replaceAll('`', '').replace(/\s+/g, ' ')));
      return [
        `token-relay (${released?.[1] ?? version}) unstable; urgency=medium`,
        '',
        ...lines,
        '',
        ` -- ${maintainer}  ${rfc2822(date)}`,
        '',
      ].join('\n');
    })
    .join('\n');
}

function wrapped(item: string): string[] {
  const lines: string[] = [];
  for (const word of item.trim().split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 79) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${last === undefined ? '  * ' : '    '}${word}`);
  }
  return lines;
}

/** `Sat, 21 Nov 2026 06:54:15 +0000` */
function rfc2822(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}
