import { Duplex } from "node:stream";
import type { PipedProcess } from "../../util/piped-processes.ts";

/** The error that the end of a program means, if any; `said` is the last of what stood on its standard error. */
type Failure = (code: number, said: string) => Error | undefined;

/**
 * The input and output of a program as one stream. Its end waits until the program has ended, so that `failure` can say why:
 * with an error the stream fails, with nothing it ends. Destroying the stream ends the program.
 */
export class ProcessStream extends Duplex {
  readonly #program: PipedProcess;

  constructor(program: PipedProcess, failure: Failure) {
    super();
    this.#program = program;
    let said = "";
    program.stderr.on("data", (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(-2000);
    });
    program.stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) program.stdout.pause();
    });
    this.on("error", () => {}); // one that nobody uses any more fails in silence
    program.ended.then(
      (code) => {
        const error = failure(code, said.trim());
        if (error) this.destroy(error);
        else this.push(null);
      },
      (cause: Error) => this.destroy(cause),
    );
  }

  override _read(): void {
    this.#program.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { stdin } = this.#program;
    // The reason why a program takes nothing more comes with its end.
    if (stdin.destroyed) done();
    else stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.#program.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#program.kill();
    done(error);
  }
}
