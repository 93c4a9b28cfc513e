import { Duplex, PassThrough } from "node:stream";
import type { PipedProcess } from "../../util/piped-processes.ts";

/**
 * The input and output of a program as one stream. Its end waits until the program has ended, so that `failure` can say why:
 * with an error the stream fails, with nothing it ends. Destroying the stream ends the program.
 *
 * @param failure gets the exit code and the last of what the program said on its standard error.
 */
export function processStream(
  process: PipedProcess,
  failure: (code: number, said: string) => Error | undefined,
): Duplex {
  const output = new PassThrough();
  process.stdout.pipe(output, { end: false });
  const stream = Duplex.from({ readable: output, writable: process.stdin });
  let said = "";
  process.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  stream.on("close", () => process.kill());
  stream.on("error", () => {}); // one that nobody uses any more fails in silence
  process.ended.then(
    (code) => {
      const error = failure(code, said.trim());
      if (error) stream.destroy(error);
      else output.end();
    },
    (cause: Error) => stream.destroy(cause),
  );
  return stream;
}
