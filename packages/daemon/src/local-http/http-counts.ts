/** What a server has done since its start, for metrics. */
export interface RequestCount {
  readonly route: string;
  readonly status: number;
  readonly count: number;
}

export class HttpCounts {
  /** Open now, without those that are refused because all are taken. */
  connections = 0;
  readonly #requests = new Map<string, Map<number, number>>();

  /** @param route its path; undefined where there is no such route */
  answered(route: string | undefined, status: number): void {
    const name = route ?? 'other';
    let byStatus = this.#requests.get(name);
    if (byStatus === undefined) {
      byStatus = new Map<number, number>();
      this.#requests.set(name, byStatus);
    }
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }

  /** Answers by the path of the route, or `other` for what has none, and by status. */
  requests(): readonly RequestCount[] {
    return [...this.#requests].flatMap(([route, byStatus]) =>
      [...byStatus].map(([status, count]) => ({ route, status, count })),
    );
  }
}
