import { invalid } from "./refusal.ts";

/** The parameters of a call of the query protocol, as a tree: `Filter.1.Value.2=b` stands under Filter, 1, Value, 2. */
export class Query {
  readonly #text: string | undefined;
  readonly #parts = new Map<string, Query>();

  constructor(pairs: Iterable<readonly [readonly string[], string]>) {
    let text: string | undefined;
    const below = new Map<string, (readonly [readonly string[], string])[]>();
    for (const [[first, ...rest], value] of pairs) {
      if (first === undefined) text = value;
      else below.set(first, [...(below.get(first) ?? []), [rest, value]]);
    }
    this.#text = text;
    for (const [name, some] of below) this.#parts.set(name, new Query(some));
  }

  /** The text under these names, if there is any. */
  find(...names: readonly string[]): string | undefined {
    const at = this.#at(names);
    return at === undefined ? undefined : at.#text;
  }

  /** The text under these names. @throws Refusal MissingParameter. */
  text(...names: readonly string[]): string {
    const text = this.find(...names);
    if (text === undefined)
      throw invalid("MissingParameter", `The request must contain the parameter ${names.join(".")}`);
    return text;
  }

  number(...names: readonly string[]): number | undefined {
    const text = this.find(...names);
    return text === undefined ? undefined : Number(text);
  }

  flag(...names: readonly string[]): boolean {
    return this.find(...names) === "true";
  }

  /** The things that are counted from 1 under a name. */
  items(...names: readonly string[]): readonly Query[] {
    const at = this.#at(names);
    const parts = at ? [...at.#parts] : [];
    return parts.sort(([a], [b]) => Number(a) - Number(b)).map(([, part]) => part);
  }

  /** The texts that are counted from 1 under a name. */
  texts(...names: readonly string[]): readonly string[] {
    return this.items(...names).map((item) => item.#text ?? "");
  }

  /** All of it, but for what differs from one try to the next: the token. */
  fingerprint(): string {
    const parts = [...this.#parts].filter(([name]) => name !== "ClientToken");
    return JSON.stringify([this.#text, parts.map(([name, part]) => [name, part.fingerprint()]).sort()]);
  }

  #at(names: readonly string[]): Query | undefined {
    let at: Query | undefined = this;
    for (const name of names) {
      if (!at) return undefined;
      at = at.#parts.get(name);
    }
    return at;
  }
}

/** Reads a form-encoded body. */
export function readQuery(body: unknown): Query {
  const pairs = [...new URLSearchParams(typeof body === "string" ? body : "")];
  return new Query(pairs.map(([name, value]) => [name.split("."), value] as const));
}
