/** One call that a client made on a fake cloud, as it arrived. */
export interface Call {
  /** Counts the calls of one fake from 1. */
  readonly number: number;
  /** When it arrived, in milliseconds of the fake's clock (`elapsed`). */
  readonly atMs: number;
  /** What was asked for, without names and ids: `DELETE /v2/droplets/{droplet_id}`; the bare path for one that the fake does not know. */
  readonly operation: string;
  readonly method: string;
  /** The path as it was sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The values that stand in the path, by the names in `operation`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The headers in lower case, but for the one that proves who is calling. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body; a string if it was none, `undefined` if there was no body. */
  readonly body: unknown;
  /** Who is calling, as the authorization header says. */
  readonly authorization: string;
}

/** What a fake cloud answers. A reply without a body has none on the wire either. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
