import type { Query } from "./query.ts";
import { invalid } from "./refusal.ts";
import type { Tags } from "./state.ts";

/** What filters may ask about a thing: for each filter's name, the values that the thing has. */
export interface Filterable<T> {
  readonly values: Readonly<Record<string, (thing: T) => readonly (string | undefined)[]>>;
  readonly tags: (thing: T) => Tags;
}

/** Those of the things that all filters of a call let through. @throws Refusal for a filter that there is not. */
export function filtered<T>(query: Query, things: Iterable<T>, { values, tags }: Filterable<T>): readonly T[] {
  const tests = query.items("Filter").map((filter) => {
    const [name, wanted] = [filter.text("Name"), filter.texts("Value")];
    const patterns = wanted.map(patternOf);
    const valuesOf = name.startsWith("tag:") ? (thing: T) => [tags(thing).get(name.slice(4))] : values[name];
    if (!valuesOf) throw invalid("InvalidParameterValue", `The filter '${name}' is invalid`);
    return (thing: T): boolean =>
      valuesOf(thing).some((value) => value !== undefined && patterns.some((pattern) => pattern.test(value)));
  });
  return [...things].filter((thing) => tests.every((test) => test(thing)));
}

function patternOf(text: string): RegExp {
  const escaped = text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`);
}
