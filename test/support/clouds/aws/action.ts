import type { Query } from "./query.ts";
import type { Account } from "./state.ts";
import type { Xml } from "./xml.ts";

/** What an action does: at once, with what it is answered by. @throws Refusal */
export type Action = (account: Account, query: Query) => Readonly<Record<string, Xml>>;

/** The answer of actions that say nothing but that it is done. */
export const done = { return: true } as const;

/** Tags as they are shown. */
export function tagSet(tags: ReadonlyMap<string, string>): Xml {
  return [...tags].map(([key, value]) => ({ key, value }));
}
