const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word, quoted for a POSIX shell where it must be. Brackets always are, since shells glob them. */
export function quoteWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A whole command line from its words, so that a shell sees exactly these words. */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map(quoteWord).join(" ");
}
