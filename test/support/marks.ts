import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** Values that must not turn up anywhere, by their names. */
export type Marks = Readonly<Record<string, string>>;

/** The names of the marks that a text has. */
export function marksIn(marks: Marks, text: string): readonly string[] {
  return Object.entries(marks).flatMap(([name, mark]) => (text.includes(mark) ? [name] : []));
}

/** All files below a folder, as one text. */
export async function filesIn(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  return (await Promise.all(files.map((file) => readFile(path.join(file.parentPath, file.name), "latin1")))).join("\n");
}
