const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** Words that a shell takes for its own grammar at the start of a command (POSIX XCU 2.4, and bash's). */
const RESERVED = /^(case|coproc|do|done|elif|else|esac|fi|for|function|if|in|select|then|time|until|while)$/;

/** One word, quoted for a POSIX shell where it must be. Brackets always are, since shells glob them. */
export function quoteWord(word: string): string {
  return PLAIN.test(word) ? word : quoted(word);
}

/** A whole command line from its words, so that a shell sees exactly these words: no assignment, no keyword, no glob. */
export function quoteCommand(argv: readonly string[]): string {
  return argv
    .map((word, index) => (index === 0 && (word.includes("=") || RESERVED.test(word)) ? quoted(word) : quoteWord(word)))
    .join(" ");
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
